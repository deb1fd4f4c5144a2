// What a BGPPeer asks for, with a switch that asks for the same: the session is established, and only so.
import assert from "node:assert/strict";
import { test } from "node:test";
import { BFDProfile, BGPPeer, Node, Secret } from "../../src/kubernetes/resources/index.ts";
import { until } from "../interop/frr.ts";
import { namespace, node, nodeAddress, Stage, switchAddress } from "./stage.ts";

const peerName = "l3-switch";

/** The switch is told, and the peer after it. */
async function retold(stage: Stage, switchSays: readonly string[], spec: object, annotations: object): Promise<void> {
  await stage.frr.vtysh("configure terminal", "router bgp 65210", ...switchSays);
  const body = { metadata: { annotations }, spec };
  await stage.client.patch(BGPPeer, { namespace, name: peerName }, { type: "merge", body });
}

const neighbor = `neighbor ${nodeAddress}`;

interface Asked {
  readonly what: string;
  readonly spec?: object;
  readonly annotations?: Record<string, string>;
  readonly switchSays?: readonly string[];
  /** What brings the switch back to what it was. */
  readonly undo?: readonly string[];
}

const asked: readonly Asked[] = [
  {
    what: "its own AS number by peer",
    spec: { localASN: 64999 },
    switchSays: [`${neighbor} remote-as 64999`],
    undo: [`${neighbor} remote-as 65211`],
  },
  { what: "any AS number but ours", spec: { peerASN: null, dynamicASN: "external" } },
  {
    what: "a password",
    spec: { password: "hush" },
    switchSays: [`${neighbor} password hush`],
    undo: [`no ${neighbor} password`],
  },
  { what: "no hold time", spec: { holdTime: "0s" } },
  { what: "the link of a VRF", spec: { vrf: "to-switch" } },
  { what: "a source address", spec: { sourceAddress: nodeAddress } },
  { what: "its address on a link as the source", annotations: { "fairlead.dev/source-from": "to-switch" } },
  { what: "its address in a prefix as the source", annotations: { "fairlead.dev/source-from": `${nodeAddress}/32` } },
  { what: "that the switch opens the connection", annotations: { "fairlead.dev/connect-mode": "passive" } },
  {
    what: "that we open the connection",
    annotations: { "fairlead.dev/connect-mode": "active" },
    switchSays: [`${neighbor} passive`],
    undo: [`no ${neighbor} passive`],
  },
  {
    what: "GTSM",
    annotations: { "fairlead.dev/ttl-security-hops": "1" },
    switchSays: [`${neighbor} ttl-security hops 1`],
    undo: [`no ${neighbor} ttl-security hops 1`],
  },
];

test("a session is as the BGPPeer and its annotations ask for", async (t) => {
  await using stage = await Stage.running();
  for (const { what, spec = {}, annotations = {}, switchSays = [], undo = [] } of asked) {
    await t.test(`with ${what} it is established`, async () => {
      const before = await stage.timesEstablished();
      await retold(stage, switchSays, spec, annotations);
      await until("there is a new session", async () => (await stage.timesEstablished()) > before);
      await stage.hasRoute("172.19.100.1");
      await stage.sessionIs(peerName, /^Established$/);
      const usual = Object.fromEntries(Object.keys(spec).map((field) => [field, null]));
      const none = Object.fromEntries(Object.keys(annotations).map((name) => [name, null]));
      await retold(stage, undo, { ...usual, peerASN: 65210 }, none);
      await stage.sessionIs(peerName, /^Established$/);
      await stage.hasRoute("172.19.100.1");
    });
  }
});

function secret(type: string, password: string) {
  const data = { password: Buffer.from(password).toString("base64") };
  return { metadata: { namespace, name: "bgp" }, type, data };
}

test("a password may be in a Secret: what is wrong with it is told, a changed one changes the session, and nobody reads it", async () => {
  await using stage = await Stage.running();
  await retold(stage, [`${neighbor} password first-pass`], { passwordSecret: { name: "bgp" } }, {});
  await stage.isValid(BGPPeer, peerName, "False", /spec\.passwordSecret: bgp: must be the name of a Secret/);
  assert.match(await stage.look("status"), /spec\.passwordSecret: bgp: must be the name of a Secret/);
  // Nothing else has to wait for it.
  await stage.addPool("second", "172.19.101.0/24");
  await stage.addService("other", {}, { "metallb.io/address-pool": "second" });
  await stage.hasAddress("other", "172.19.101.1");

  await stage.client.create(Secret, secret("Opaque", "first-pass"));
  await stage.isValid(BGPPeer, peerName, "False", /must be of the type kubernetes\.io\/basic-auth, and is Opaque/);
  await stage.client.delete(Secret, { namespace, name: "bgp" });
  await stage.client.create(Secret, secret("kubernetes.io/basic-auth", "first-pass"));
  await stage.isValid(BGPPeer, peerName, "True");
  await stage.hasRoute("172.19.101.1");

  const before = await stage.timesEstablished();
  await stage.frr.vtysh("configure terminal", "router bgp 65210", `${neighbor} password second-pass`);
  const { data } = secret("", "second-pass");
  await stage.client.patch(Secret, { namespace, name: "bgp" }, { type: "merge", body: { data } });
  await until("there is a new session", async () => (await stage.timesEstablished()) > before);
  await stage.hasRoute("172.19.100.1");

  // Gone by mistake: the session goes on as it is.
  const established = await stage.timesEstablished();
  await stage.client.delete(Secret, { namespace, name: "bgp" });
  await stage.isValid(BGPPeer, peerName, "False", /must be the name of a Secret/);
  assert.deepEqual([await stage.switchState(), await stage.timesEstablished()], ["Established", established]);

  const report = JSON.stringify(await stage.report());
  const warnings = (await stage.warnings()).join("\n");
  for (const said of [
    stage.agent.output,
    stage.controllerProcess.output,
    report,
    warnings,
    await stage.look("status"),
  ]) {
    assert.doesNotMatch(said, /first-pass|second-pass/);
  }
});

test("an IPv4 session carries IPv6 routes where it is asked to, and leads to the node's IPv6 address", async () => {
  await using stage = await Stage.start();
  await stage.frr.vtysh(
    "configure terminal",
    "router bgp 65210",
    "address-family ipv6 unicast",
    `${neighbor} activate`,
  );
  await stage.addNode();
  const addresses = [nodeAddress, "2001:db8::112"].map((address) => ({ type: "InternalIP", address }));
  const body = { status: { addresses } };
  await stage.client.patch(Node, { name: node }, { type: "merge", body }, { subresource: "status" });
  await stage.configure();
  await stage.setPeer(peerName, { dualStackAddressFamily: true });
  await stage.addPool("six", "2001:db8:1::1-2001:db8:1::9");
  await stage.addService("six", { ipFamilies: ["IPv6"], ipFamilyPolicy: "SingleStack" });
  stage.controller();
  stage.node();
  await until("the switch has the route", async () => {
    const shown = JSON.stringify(await stage.frr.show("bgp ipv6 unicast"));
    return shown.includes("2001:db8:1::1/128") && shown.includes("2001:db8::112");
  });
});

/** The communities that the switch sees on the Service's route. */
async function communitiesOf(stage: Stage): Promise<string> {
  const shown = (await stage.frr.show("bgp ipv4 unicast 172.19.100.1/32")) as {
    paths?: { community?: { string?: string } }[];
  };
  return shown.paths?.[0]?.community?.string ?? "";
}

test("a cordoned node asks routers to prefer others, and so does an agent that is stopped, before it withdraws", async () => {
  await using stage = await Stage.running("--graceful-shutdown-ms", "2000");
  const asks = async (wanted: boolean) =>
    until(`graceful shutdown is asked for: ${wanted}`, async () => {
      const communities = await communitiesOf(stage);
      return /gracefulShutdown|graceful-shutdown|65535:0/.test(communities) === wanted;
    });
  await asks(false);
  const cordon = async (unschedulable: boolean) =>
    stage.client.patch(Node, { name: node }, { type: "merge", body: { spec: { unschedulable } } });
  await cordon(true);
  await asks(true);
  assert.match(await stage.look("explain", "service", "default/ng-svc"), /the node is cordoned/);
  await cordon(false);
  await asks(false);
  const ended = stage.agent.send("SIGTERM");
  await asks(true);
  await stage.hasNoRoute("172.19.100.1");
  assert.equal((await ended).status, 0);
});

test("the metrics of sessions have MetalLB's names and labels", async () => {
  await using stage = await Stage.running();
  await stage.client.create(BFDProfile, { metadata: { namespace, name: "slow" }, spec: {} });
  const labels = `\\{peer="${switchAddress}:179",vrf="default",name="${peerName}"\\}`;
  const metric = (name: string) => stage.metric("node", `metallb_bgp_${name}${labels}`);
  assert.equal(await metric("session_up"), 1);
  assert.equal(await metric("announced_prefixes_total"), 1);
  for (const name of ["opens_sent", "opens_received", "keepalives_sent", "updates_total", "total_sent"]) {
    assert.ok((await metric(name)) >= 1, name);
  }
  await stage.setPeer(peerName, { bfdProfile: "slow" });
  const path = `\\{peer="${switchAddress}",vrf="default",name="${peerName}"\\}`;
  await until(
    "BFD says something",
    async () => (await stage.metric("node", `metallb_bfd_control_packet_output${path}`)) > 0,
  );
  for (const name of ["echo_packet_input", "echo_packet_output"]) {
    assert.equal(await stage.metric("node", `metallb_bfd_${name}${path}`), 0, name);
  }
  assert.equal(await stage.metric("node", `metallb_bfd_session_up${path}`), 0, "FRR's bfdd does not run");
});

test("a router that is named by the node's link alone is found on it, and has the route", async () => {
  await using stage = await Stage.running();
  const spec = { peerAddress: null, interface: "to-switch" };
  await retold(stage, ["neighbor eth0 interface remote-as external"], spec, {});
  await stage.isValid(BGPPeer, peerName, "True");
  await stage.sessionIs(peerName, /^Established$/);
  await until("the switch has the route from its link", async () => {
    const shown = await stage.frr.vtysh("show bgp ipv4 unicast 172.19.100.1");
    return /fe80:\S+ from eth0/.test(shown);
  });
  await until("the report says where it is", async () => {
    const { sessions } = await stage.report();
    return /^fe80:.*%to-switch$/.test(sessions[0]?.address ?? "");
  });
});
