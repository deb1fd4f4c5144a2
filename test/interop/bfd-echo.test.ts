import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { BfdWorld, ours, theirs } from "./bfd-world.ts";
import { until } from "./frr.ts";
import { enterOwnNamespace } from "./namespaces.ts";

enterOwnNamespace();

const echoOfFrr = ["echo-mode", "echo transmit-interval 250", "echo receive-interval 250"];

/** Whether a machine sends on what is not for it: echo packets find their way back only then. */
function setForwarding(namespace: string | undefined, isOn: boolean): void {
  const where = namespace === undefined ? "" : `ip netns exec ${namespace} `;
  for (const name of ["net.ipv4.ip_forward", "net.ipv6.conf.all.forwarding"]) {
    execFileSync("sh", ["-c", `${where}sysctl -qw ${name}=${isOn ? 1 : 0}`]);
  }
}

/**
 * Ours both ways; of FRR's, only IPv6: bfdd 8.4 calls its own echo over IPv4 failed, the more often the shorter the
 * interval, although it counts the packets that come back; between two of its own as well.
 */
async function bothWays(isForwarding = true): Promise<BfdWorld> {
  setForwarding(undefined, isForwarding);
  const world = await BfdWorld.start(["echo transmit-interval 250", "echo receive-interval 250"], {
    echoIntervalMs: 250,
  });
  setForwarding(world.neighbour.name, true);
  await world.bfdd.configure(`peer ${ours[1]} local-address ${theirs[1]}`, "echo-mode");
  await world.up();
  return world;
}

test("echo packets come back, ours from FRR's forwarding plane and FRR's from ours, and control packets become rare", async () => {
  await using world = await bothWays();
  await until("ours come back, for IPv4 and IPv6", async () => {
    const { sessions } = await world.agent.status();
    return sessions.every(({ isEchoActive, echoPacketsReceived }) => isEchoActive && echoPacketsReceived > 20);
  });
  await until("FRR's come back for IPv6", async () => {
    const counters = await world.bfdd.counters();
    return counters.some((each) => each.peer === ours[1] && each["echo-packet-input"] > 50);
  });
  await until("FRR sends control packets each second at most", async () => {
    const { sessions } = await world.agent.status();
    return sessions.every(({ detectionTimeMs }) => detectionTimeMs >= 3_000);
  });
  const { sessions } = await world.agent.status();
  assert.deepEqual(
    sessions.map(({ timesUp, timesDown }) => [timesUp, timesDown]),
    [
      [1, 0],
      [1, 0],
    ],
  );
});

test("FRR's echo packets over IPv4 come back to it from our forwarding plane", async () => {
  setForwarding(undefined, true);
  await using world = await BfdWorld.start(echoOfFrr, { echoIntervalMs: 250 });
  await until("FRR counts them as they come in", async () => {
    const counters = await world.bfdd.counters();
    return counters.some((each) => each.peer === ours[0] && each["echo-packet-input"] > 10);
  });
});

test("FRR drops what it would loop, control packets still flow: the session goes down, as the echo has failed", async () => {
  await using world = await bothWays();
  await until("echo packets come back", async () => {
    return (await world.agent.status()).sessions.every(({ isEchoActive }) => isEchoActive);
  });
  world.changes.length = 0;
  setForwarding(world.neighbour.name, false);
  for (const name of theirs) {
    await until(`${name} is down`, () => world.changes.some(({ peer, state }) => peer === name && state === "down"));
    const change = world.changes.find(({ peer, state }) => peer === name && state === "down");
    assert.deepEqual([change?.diagnostic, change?.isFailure], ["echo-failed", true]);
  }
  await world.up();
});

test("a machine that does not forward tells FRR to send it no echo packets", async () => {
  await using world = await bothWays(false);
  await until("ours come back", async () => {
    return (await world.agent.status()).sessions.every(({ isEchoActive }) => isEchoActive);
  });
  for (const peer of await world.bfdd.peers()) assert.equal(peer["remote-echo-receive-interval"], 0);
});

test("FRR is not asked to loop: no echo packet is sent, and the session is up", async () => {
  setForwarding(undefined, true);
  await using world = await BfdWorld.start(["echo receive-interval disabled"], { echoIntervalMs: 250 });
  await world.up();
  await until("FRR has heard that we loop", async () => {
    return (await world.bfdd.peers()).every((peer) => peer["remote-echo-receive-interval"] === 250);
  });
  const { sessions } = await world.agent.status();
  assert.deepEqual(
    sessions.map(({ echoPacketsSent, isEchoActive }) => [echoPacketsSent, isEchoActive]),
    ours.map(() => [0, false]),
  );
});
