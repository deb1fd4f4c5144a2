import assert from "node:assert/strict";
import { test } from "node:test";
import { ipv6, type Ipv6Address } from "../../net/index.ts";
import { SimulatedClock } from "../clock/index.ts";
import { decodeDiscoveryMessage, encodeDiscoveryMessage, RouterDiscovery } from "./index.ts";

function linkLocal(host: bigint): Ipv6Address {
  return ipv6((0xfe80n << 112n) | host);
}

/** A link that some routers are on: what one sends, all others hear. */
class Link {
  readonly clock = new SimulatedClock();
  readonly sent: { readonly at: number; readonly from: bigint; readonly type: string }[] = [];
  readonly #routers = new Map<bigint, RouterDiscovery>();
  readonly followed = new Map<bigint, bigint[]>();

  plug(host: bigint): RouterDiscovery {
    const followed: bigint[] = [];
    this.followed.set(host, followed);
    const router = new RouterDiscovery(
      { clock: this.clock, random: () => 0.5, send: (_, message) => this.send(host, message) },
      { neighbourChanged: ({ value }) => void followed.push(value & 0xffffn) },
    );
    this.#routers.set(host, router);
    router.start();
    return router;
  }

  unplug(host: bigint): void {
    this.#routers.get(host)?.stop();
    this.#routers.delete(host);
  }

  send(host: bigint, message: Uint8Array, hopLimit = 255): void {
    const arrival = { source: linkLocal(host), hopLimit };
    const read = decodeDiscoveryMessage(message, arrival);
    this.sent.push({ at: this.clock.now(), from: host, type: typeof read === "string" ? read : read.type });
    for (const [other, router] of this.#routers) {
      if (other !== host)
        this.clock.setTimer(1, () => this.#routers.get(other) === router && router.received(message, arrival));
    }
  }

  advertisementsOf(host: bigint): number[] {
    return this.sent.filter(({ from, type }) => from === host && type === "router-advertisement").map(({ at }) => at);
  }
}

test("two routers find each other at once, also when one comes much later", () => {
  const link = new Link();
  const first = link.plug(1n);
  link.clock.advance(60_000);
  assert.equal(first.neighbour, undefined);
  const second = link.plug(2n);
  link.clock.advance(4_000);
  assert.deepEqual(first.neighbour, linkLocal(2n));
  assert.deepEqual(second.neighbour, linkLocal(1n));
});

test("no router advertises more often than every 3 s, and once it is settled every 7.5 to 10 s", () => {
  const link = new Link();
  const router = link.plug(1n);
  const solicitation = encodeDiscoveryMessage({ type: "router-solicitation" });
  for (let second = 0; second < 60; second++) {
    link.send(2n, solicitation);
    link.clock.advance(1_000);
  }
  router.setSettled(true);
  link.clock.advance(60_000);
  const times = link.advertisementsOf(1n);
  const gaps = times.slice(1).map((at, index) => at - (times[index] ?? 0));
  assert.ok(Math.min(...gaps) >= 3_000);
  assert.ok(gaps.slice(-5).every((gap) => gap >= 7_500 && gap <= 10_000));
});

test("a neighbour that is replaced by another is followed, one that is only joined by another is kept", () => {
  const link = new Link();
  const router = link.plug(1n);
  link.plug(2n);
  link.clock.advance(10_000);
  link.plug(3n);
  link.clock.advance(60_000);
  assert.deepEqual(router.neighbour, linkLocal(2n));
  link.unplug(2n);
  link.clock.advance(15_000);
  assert.deepEqual(router.neighbour, linkLocal(3n));
  assert.deepEqual(link.followed.get(1n), [2n, 3n]);
});

test("hosts are never told to take us for a default router", () => {
  const messages: Uint8Array[] = [];
  const clock = new SimulatedClock();
  const router = new RouterDiscovery(
    { clock, random: () => 0, send: (group, message) => void (group === "all-nodes" && messages.push(message)) },
    { neighbourChanged: () => {} },
    new Uint8Array([2, 0, 0, 0, 0, 1]),
  );
  router.start();
  clock.advance(30_000);
  router.stop();
  for (const message of messages) {
    assert.deepEqual(decodeDiscoveryMessage(message, { source: linkLocal(1n), hopLimit: 255 }), {
      type: "router-advertisement",
      routerLifetimeSeconds: 0,
      sourceLinkLayer: new Uint8Array([2, 0, 0, 0, 0, 1]),
    });
  }
  assert.ok(messages.length > 5);
});

test("what does not come from this link is counted and changes nothing", () => {
  const link = new Link();
  const router = link.plug(1n);
  const advertisement = encodeDiscoveryMessage({ type: "router-advertisement", routerLifetimeSeconds: 1_800 });
  link.send(2n, advertisement, 64);
  link.clock.advance(1_000);
  assert.equal(router.neighbour, undefined);
  assert.deepEqual(router.dropped, { "hop-limit": 1 });
});

test("a router that is stopped says nothing any more", () => {
  const link = new Link();
  link.plug(1n);
  link.plug(2n);
  link.unplug(1n);
  link.unplug(2n);
  const said = link.sent.length;
  link.clock.advance(60_000);
  assert.equal(link.sent.length, said);
});
