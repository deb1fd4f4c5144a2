import assert from "node:assert/strict";
import { test } from "node:test";
import { BFDProfile } from "../../kubernetes/resources/index.ts";
import { ipv4 } from "../../net/index.ts";
import type { NodePlan } from "../../plan/index.ts";
import { SimulatedClock } from "../../protocols/clock/index.ts";
import type { BfdChange } from "../bfd/index.ts";
import { BgpReconciler } from "./bgp-reconciler.ts";
import { plannedPeer } from "./testing.ts";

const profile = BFDProfile.schema.parse({ metadata: { name: "fast", namespace: "metallb-system" } });
const tor = plannedPeer({ gracefulRestart: true, bfd: profile.spec });
const plan: NodePlan = {
  node: "n1",
  sessions: new Map([["tor", { peer: tor, routes: new Map() }]]),
  isLeaving: false,
};

/** A node with one peer, whose router cannot be reached, and what BFD could say of the path. */
function leavingNode() {
  const clock = new SimulatedClock();
  const own = ipv4(0x0a0a0270);
  let say: (change: BfdChange) => void = () => assert.fail("nobody watches the path");
  const reconciler = new BgpReconciler(
    {
      clock,
      random: () => 0.5,
      transport: {
        dial: () => ({ cancel: () => undefined }),
        listen: () => assert.fail("it listens nowhere"),
      },
      watchPaths: () => ({
        setSessions: () => undefined,
        onChange: (listener) => ((say = listener), () => undefined),
        status: () => assert.fail("nobody asks"),
        stop: () => Promise.resolve(),
      }),
      onListenFailure: (error) => assert.fail(error),
      links: { addresses: () => assert.fail("no peer is on a link"), open: () => assert.fail("no peer is on a link") },
      ownAddresses: () => [],
      onLinkProblem: (link, message) => assert.fail(`${link}: ${message}`),
    },
    { routerId: own, addresses: { 4: own }, listen: [] },
  );
  reconciler.apply(plan);
  return { clock, reconciler, say: (change: BfdChange) => say(change) };
}

const up: BfdChange = { peer: "tor", state: "up", previous: "init", diagnostic: "none", isFailure: false, atMs: 0 };
const failed: BfdChange = { peer: "tor", state: "down", previous: "up", diagnostic: "none", isFailure: true, atMs: 0 };

for (const [how, leave] of [
  ["is stopped", (node: BgpReconciler) => node.stop({ gracefulShutdownMs: 0, drainMs: 1_000 })],
  ["lets go", (node: BgpReconciler) => node.letGo()],
] as const) {
  test(`what is heard while an agent ${how} begins nothing, and fails nothing`, async () => {
    const { clock, reconciler, say } = leavingNode();
    const left = leave(reconciler);
    say(up);
    say(failed);
    reconciler.apply({ ...plan, isLeaving: true });
    reconciler.change([]);
    clock.advance(10_000);
    await left;
    say(failed);
    clock.advance(10_000);
    assert.deepEqual(
      reconciler.statuses.filter(({ state }) => state !== "idle"),
      [],
    );
  });
}
