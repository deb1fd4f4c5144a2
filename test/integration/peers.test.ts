// Peers that are configured wrongly, or misbehave: their own session suffers, and no other.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { BGPPeer } from "../../src/kubernetes/resources/index.ts";
import { until } from "../interop/frr.ts";
import { HostilePeer, keepalive, message, open } from "./hostile-peer.ts";
import { Stage, switchAddress } from "./stage.ts";

test("a peer of another AS number than configured is told by name, and mended is established", async () => {
  await using stage = await Stage.running();
  await using wrong = await HostilePeer.start("127.0.0.2", 1790, open(90));
  await stage.addPeer("other", { peerASN: 65299, peerAddress: "127.0.0.2", peerPort: 1790 });
  const said = /we sent NOTIFICATION 2\/2 \(OPEN Message Error, Bad Peer AS\)/;
  await until("the session with other ends by 2/2", async () =>
    said.test((await stage.session("other"))?.lastError ?? ""),
  );
  assert.deepEqual([...new Set(wrong.notifications)], ["2/2"]);
  const wanted = /BGPPeer metallb-system\/other: spec\.peerASN: 65299: must be 65210: the router names that AS number/;
  await stage.isValid(BGPPeer, "other", "False", wanted);
  await stage.hasEvent({ kind: "BGPPeer", name: "other" }, "ConfigurationError", wanted);
  assert.match(await stage.look("status"), said);
  assert.match(await stage.look("explain", "service", "default/ng-svc"), said);
  assert.equal((await stage.session("l3-switch"))?.state, "Established");
  const labels = `peer="${switchAddress}:179",vrf="default",name="l3-switch"`;
  assert.equal(await stage.metric("node", `metallb_bgp_session_up\\{${labels}\\}`), 1);

  // And the other way round: the switch is not what its peer object says.
  await stage.setPeer("l3-switch", { peerASN: 65222 });
  await stage.sessionIs("l3-switch", /^(?!Established)/, /NOTIFICATION 2\/2 \(OPEN Message Error, Bad Peer AS\)/);
  await stage.hasNoRoute("172.19.100.1");
  await stage.isValid(BGPPeer, "l3-switch", "False", /spec\.peerASN: 65222: must be 65210/);
  await stage.setPeer("l3-switch", { peerASN: 65210 });
  await stage.sessionIs("l3-switch", /^Established$/);
  await stage.isValid(BGPPeer, "l3-switch", "True", /^$/);
  await stage.hasRoute("172.19.100.1");
});

const update = (...body: readonly number[]) => message(2, Uint8Array.from(body));
const misbehaviours: readonly (readonly [what: string, words: readonly Uint8Array[], answer: string])[] = [
  ["random bytes", [Buffer.concat([Buffer.of(0), randomBytes(100_000)])], "1/1"],
  ["a wrong marker", [open(90).fill(0, 15, 16)], "1/1"],
  ["a message of length 5", [message(1, undefined, 5)], "1/2"],
  ["a KEEPALIVE that is too long", [open(90), message(4, new Uint8Array(3))], "1/2"],
  ["a message of a type that is none", [open(90), message(77)], "1/3"],
  ["an UPDATE whose lengths lie", [open(90), keepalive, update(255, 255, 0, 0)], "3/1"],
  ["half a message, and then nothing", [open(3), keepalive, update(0, 0, 0, 0).subarray(0, 21)], "4/0"],
];

test("peers that send rubbish end their own sessions, each by the right NOTIFICATION, and are tried again", async (t) => {
  await using stage = await Stage.running();
  const agent = stage.agent;
  for (const [index, [what, words, answer]] of misbehaviours.entries()) {
    await t.test(`a peer that sends ${what} gets ${answer}`, async () => {
      const address = `127.0.0.${index + 10}`;
      await using peer = await HostilePeer.start(address, 1790, ...words);
      const name = `hostile-${index}`;
      await stage.addPeer(name, { peerAddress: address, peerPort: 1790 });
      await until(
        "it is tried again after it misbehaved",
        () => peer.notifications.length >= 1 && peer.heard.length >= 2,
      );
      assert.equal(peer.notifications[0], answer);
      const said = new RegExp(`we sent NOTIFICATION ${answer} `);
      await until("the report says so", async () => said.test((await stage.session(name))?.lastError ?? ""));
      await stage.client.delete(BGPPeer, { namespace: "metallb-system", name });
    });
  }
  assert.ok(agent.running);
  assert.equal(await stage.timesEstablished(), 1, "the session with the switch went on all the while");
  assert.deepEqual(await stage.routes(), ["172.19.100.1"]);
});

const impossible: readonly (readonly [what: string, spec: object, said: RegExp])[] = [
  [
    "the address of another peer",
    {},
    /BGPPeer metallb-system\/odd: spec\.peerAddress: 10\.10\.2\.210: .*peer l3-switch/,
  ],
  ["a hold time that is no whole seconds", { holdTime: "3500ms" }, /spec\.holdTime: 3500ms: .*whole seconds/],
  ["no time between keepalives", { keepaliveTime: "0s" }, /spec\.keepaliveTime: 0s: must/],
  ["router id 0.0.0.0", { routerID: "0.0.0.0" }, /spec\.routerID: 0\.0\.0\.0: must/],
  ["no address at all", { peerAddress: "router.example" }, /spec\.peerAddress: router\.example: must be an IP address/],
  ["an address that is nobody's", { peerAddress: "0.0.0.0" }, /spec\.peerAddress: 0\.0\.0\.0: must/],
  ["an address that is everybody's", { peerAddress: "224.0.0.5" }, /spec\.peerAddress: 224\.0\.0\.5: must/],
];

test("a peer that cannot be is refused on its object, and the agent goes on with what it has", async (t) => {
  await using stage = await Stage.running();
  for (const [what, spec, said] of impossible) {
    await t.test(`a peer with ${what}`, async () => {
      const usual = "peerAddress" in spec || said.source.includes("l3-switch") ? {} : { peerAddress: "127.0.0.3" };
      await stage.addPeer("odd", { ...usual, ...spec });
      await stage.isValid(BGPPeer, "odd", "False", said);
      await stage.hasEvent({ kind: "BGPPeer", name: "odd" }, "ConfigurationError", said);
      await until("the agent reports it", async () =>
        (await stage.report()).problems.some((each) => said.test(each.message)),
      );
      await stage.client.delete(BGPPeer, { namespace: "metallb-system", name: "odd" });
      await until("the agent has no problem", async () => (await stage.report()).problems.length === 0);
    });
  }
  assert.ok(stage.agent.running);
  assert.equal(await stage.timesEstablished(), 1);
});
