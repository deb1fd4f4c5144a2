// Who opens the connection, with a switch that only dials or only listens: there is a session whenever one side dials
// and the other takes it, and never else.
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { BGPPeer } from "../../src/kubernetes/resources/index.ts";
import { until } from "../interop/frr.ts";
import { namespace, nodeAddress, Stage } from "./stage.ts";

const peerName = "l3-switch";

type ConnectMode = "both" | "passive" | "active";

async function setMode(stage: Stage, mode: ConnectMode): Promise<void> {
  const body = { metadata: { annotations: { "fairlead.dev/connect-mode": mode } } };
  await stage.client.patch(BGPPeer, { namespace, name: peerName }, { type: "merge", body });
}

/** Both sides know each other, and the agent begins when the switch is as it shall be. */
async function meet(ours: ConnectMode, theirs: "only dials" | "only listens"): Promise<Stage> {
  const stage = await Stage.start();
  try {
    if (theirs === "only dials") {
      await stage.frr.kill();
      await stage.frr.restart({ listens: false });
    } else {
      await stage.frr.vtysh("configure terminal", "router bgp 65210", `neighbor ${nodeAddress} passive`);
    }
    await stage.addNode();
    await stage.configure();
    await setMode(stage, ours);
    await stage.addService("ng-svc");
    stage.controller();
    stage.node();
    return stage;
  } catch (error) {
    await stage[Symbol.asyncDispose]();
    throw error;
  }
}

test("we only listen and the switch only dials: there is a session", async () => {
  await using stage = await meet("passive", "only dials");
  await stage.hasRoute("172.19.100.1");
  await stage.sessionIs(peerName, /^Established$/);
});

test("we only dial and the switch only listens: there is a session", async () => {
  await using stage = await meet("active", "only listens");
  await stage.hasRoute("172.19.100.1");
  await stage.sessionIs(peerName, /^Established$/);
});

test("both only dial: each is refused by the other, and there is a session as soon as we listen too", async () => {
  await using stage = await meet("active", "only dials");
  await stage.sessionIs(peerName, /^(?!Established)/, /refused/i);
  await until("the switch is refused again and again", async () => {
    const shown = await stage.frr.vtysh(`show bgp neighbors ${nodeAddress} json`);
    return Number(/"notificationsRecv":\s*(\d+)/.exec(shown)?.[1]) >= 2;
  });
  assert.equal(await stage.timesEstablished(), 0);
  await setMode(stage, "both");
  await stage.hasRoute("172.19.100.1");
});

test("both only listen: nothing is ever sent, and there is a session as soon as we dial too", async () => {
  await using stage = await meet("passive", "only listens");
  await stage.sessionIs(peerName, /^(?!Established)/);
  await wait(3_000); // Each would have dialled twice by now, if it dialled.
  assert.equal(await stage.timesEstablished(), 0);
  assert.equal(await stage.metric("node", "metallb_bgp_opens_sent"), 0);
  await setMode(stage, "both");
  await stage.hasRoute("172.19.100.1");
});
