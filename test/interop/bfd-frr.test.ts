import assert from "node:assert/strict";
import { test } from "node:test";
import { BfdWorld, ours, theirs } from "./bfd-world.ts";
import { until } from "./frr.ts";
import { cutBothWays, mendBothWays } from "./cable.ts";
import { enterOwnNamespace } from "./namespaces.ts";

enterOwnNamespace();

const fast = ["receive-interval 50", "transmit-interval 50"];

for (const ms of [300, 50]) {
  test(`sessions of IPv4 and IPv6 come up at ${ms} ms × 3, and go down on both sides when the cable is cut, and come back`, async (t) => {
    const interval = { transmitIntervalMs: ms, receiveIntervalMs: ms };
    await using world = await BfdWorld.start([`receive-interval ${ms}`, `transmit-interval ${ms}`], interval);
    await world.up();
    await until("the intervals are those agreed on", async () => {
      const { sessions } = await world.agent.status();
      return sessions.every(
        ({ transmitIntervalMs, detectionTimeMs }) => transmitIntervalMs === ms && detectionTimeMs === 3 * ms,
      );
    });
    world.changes.length = 0;
    const cutAt = nowMs();
    cutBothWays(world.neighbour);
    await until("we call both down", () => theirs.every((name) => world.agent.states.get(name) === "down"));
    await until("FRR calls both down", async () => {
      const peers = await world.bfdd.peers();
      return peers.length === 2 && peers.every(({ status }) => status === "down");
    });
    mendBothWays(world.neighbour);
    await world.up();
    for (const name of theirs) {
      const change = world.changes.find(({ peer, state }) => peer === name && state === "down");
      assert.deepEqual([change?.diagnostic, change?.isFailure], ["detection-time-expired", true]);
      t.diagnostic(`${name}: down ${((change?.atMs ?? 0) - cutAt).toFixed(0)} ms after the cable was cut`);
    }
  });
}

function nowMs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1_000 + nanoseconds / 1_000_000;
}

test("intervals and multiplier change in running sessions, by us and by FRR, and they stay up", async () => {
  await using world = await BfdWorld.start([], {});
  await world.up();
  world.set({ transmitIntervalMs: 50, receiveIntervalMs: 60, detectMultiplier: 5 });
  await until("FRR has heard of it", async () => {
    return (await world.bfdd.peers()).every(
      (peer) =>
        peer["remote-transmit-interval"] === 50 &&
        peer["remote-receive-interval"] === 60 &&
        peer["remote-detect-multiplier"] === 5,
    );
  });
  for (const [index, text] of ours.entries()) {
    await world.bfdd.configure(`peer ${text} local-address ${theirs[index]}`, ...fast, "detect-multiplier 7");
  }
  await until("we have heard of it", async () => {
    const { sessions } = await world.agent.status();
    return sessions.every(
      ({ transmitIntervalMs, detectionTimeMs }) => transmitIntervalMs === 50 && detectionTimeMs === 7 * 60,
    );
  });
  world.set({ transmitIntervalMs: 400, receiveIntervalMs: 500 });
  await until("the slower rate is agreed on", async () => {
    const { sessions } = await world.agent.status();
    return sessions.every(
      ({ transmitIntervalMs, detectionTimeMs }) => transmitIntervalMs === 400 && detectionTimeMs === 7 * 500,
    );
  });
  const { sessions, discarded } = await world.agent.status();
  assert.deepEqual(
    sessions.map(({ timesUp, timesDown }) => [timesUp, timesDown]),
    [
      [1, 0],
      [1, 0],
    ],
  );
  assert.deepEqual(discarded, {});
});

test("one side passive, either of them: the sessions come up", async () => {
  for (const [line, passive] of [
    ["passive-mode", false],
    ["no passive-mode", true],
  ] as const) {
    await using world = await BfdWorld.start([line], { passive });
    await world.up();
  }
});

test("FRR shuts a session down: it is no failure; we end ours: FRR hears that it is administrative", async () => {
  await using world = await BfdWorld.start(fast, { transmitIntervalMs: 50, receiveIntervalMs: 50 });
  await world.up();
  await world.bfdd.configure(`peer ${ours[0]} local-address ${theirs[0]}`, "shutdown");
  await until("we are down", () => world.agent.states.get(theirs[0]) === "down");
  const change = world.changes.at(-1);
  assert.deepEqual([change?.diagnostic, change?.isFailure], ["neighbor-signaled-down", false]);
  world.agent.setSessions([]);
  await until("FRR has heard", async () => {
    const peer = await world.bfdd.peer(ours[1]);
    return peer?.status === "down" && peer["remote-diagnostic"] === "administratively down";
  });
});

test("multihop sessions come up on their own port", async () => {
  await using world = await BfdWorld.start([], { hops: "multi", minimumTtl: 254 }, "multihop");
  await world.up();
});

test("the main thread does nothing else for three seconds: the sessions stay up", async () => {
  await using world = await BfdWorld.start([], {});
  await world.up();
  for (const end = nowMs() + 3_000; nowMs() < end;);
  assert.ok((await world.bfdd.peers()).every(({ status }) => status === "up"));
  const { sessions } = await world.agent.status();
  assert.deepEqual(
    sessions.map(({ state, timesDown }) => [state, timesDown]),
    [
      ["up", 0],
      ["up", 0],
    ],
  );
});
