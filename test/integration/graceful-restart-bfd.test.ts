// Graceful restart and BFD for one peer: what becomes of the routes when the agent dies, the path or the router's FRR.
import assert from "node:assert/strict";
import { test } from "node:test";
import { BFDProfile, BGPAdvertisement } from "../../src/kubernetes/resources/index.ts";
import { cutBothWays, mendBothWays } from "../interop/cable.ts";
import { until } from "../interop/frr.ts";
import type { Fairlead } from "./agent.ts";
import { KernelRoutes } from "./kernel-routes.ts";
import { namespace, Stage } from "./stage.ts";

const address = "172.19.100.1";
/** For so long the switch is asked to keep the routes of an agent that is gone. */
const restartTimeMs = 15_000;

test("FRR keeps the routes of an agent that was killed, with BFD too, and withdraws them at once when the path has failed", async () => {
  await using stage = await Stage.start({ bfd: true });
  const first = await announce(stage);
  await until("the kernel has the route", async () =>
    JSON.stringify(await stage.frr.show("ip route bgp")).includes(address),
  );

  const kernel = stage.use(new KernelRoutes(stage.neighbour.name));
  const before = await stage.timesEstablished();
  // The system closes the connection of a process that dies: the switch hears of that before it misses BFD's packets.
  const killedAt = performance.now();
  await first.send("SIGKILL");
  await until("BFD is down on the switch", () => bfdIs(stage, "down"));
  assert.deepEqual(await stage.routes(), [address], "it is kept meanwhile");
  stage.node();
  await until("the session is back", async () => (await stage.timesEstablished()) > before);
  const wasBackInTime = performance.now() - killedAt < restartTimeMs;
  await stage.hasRoute(address);
  await until("the switch sees the path again", () => bfdIs(stage, "up"));
  // A machine that is too busy to start an agent within that time has shown nothing.
  if (wasBackInTime) assert.deepEqual(kernel.deletions(address), [], "it has been there all the while");

  cutBothWays(stage.neighbour);
  await stage.hasNoRoute(address);
  const ended = await lastReset(stage);
  mendBothWays(stage.neighbour);
  assert.match(ended, /BFD Down/);
});

test("an agent whose router's FRR dies and comes back tells it all again", async () => {
  await using stage = await Stage.start({ bfd: true });
  await announce(stage);
  await stage.frr.kill();
  await stage.sessionIs("l3-switch", /^(?!Established)/);
  await stage.frr.restart();
  await stage.hasRoute(address);
  await until("the switch sees the path again", () => bfdIs(stage, "up"));
});

/** An agent, in session with both and with its one route on the switch. */
async function announce(stage: Stage): Promise<Fairlead> {
  await stage.frr.vtysh("configure terminal", "router bgp 65210", "bgp graceful-restart");
  await stage.addNode();
  await stage.addNamespace();
  await stage.addPool("default", "172.19.100.0/24");
  // Slower than the usual: no false alarm on a machine that is busy with other tests.
  const spec = { receiveInterval: 500, transmitInterval: 500, detectMultiplier: 4 };
  await stage.client.create(BFDProfile, { metadata: { namespace, name: "watch" }, spec });
  await stage.addPeer("l3-switch", { enableGracefulRestart: true, bfdProfile: "watch" });
  await stage.client.create(BGPAdvertisement, { metadata: { namespace, name: "default" }, spec: {} });
  stage.controllerProcess = stage.controller();
  const agent = stage.node();
  await stage.addService("ng-svc");
  await stage.hasRoute(address);
  await until("the switch sees the path", () => bfdIs(stage, "up"));
  return agent;
}

async function bfdIs(stage: Stage, state: "up" | "down"): Promise<boolean> {
  const peers = JSON.parse(await stage.frr.vtysh("show bfd peers json")) as { status: string }[]; // FRR's form
  return peers.length > 0 && peers.every(({ status }) => status === state);
}

async function lastReset(stage: Stage): Promise<string> {
  return /Last reset (.*)/.exec(await stage.frr.vtysh("show bgp neighbors"))?.[1] ?? "";
}
