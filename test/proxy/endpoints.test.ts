import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { Cluster, backends, node, all, balanced, balanced6, local } from "./cluster.ts";

describe("endpoints that come, go and end", () => {
  let cluster: Cluster;
  before(async () => {
    cluster = await Cluster.up();
  });
  after(() => cluster.down());

  it("a service without endpoints refuses TCP and UDP on all its addresses", async () => {
    await cluster.set({}, local, [balanced, balanced6]);
    for (const address of [balanced, balanced6, "10.233.0.10", "fd00::10"]) {
      assert.deepEqual(await cluster.call("client", address, 80), ["ECONNREFUSED"]);
    }
    for (const host of ["a", "one"]) assert.deepEqual(await cluster.call(host, "10.233.0.10", 80), ["ECONNREFUSED"]);
    assert.deepEqual(await cluster.call("client", "10.10.2.1", 30_010), ["ECONNREFUSED"]);
    for (const address of ["10.233.0.10", "fd00::10"]) {
      assert.equal(await cluster.send("a", { id: `refused ${address}`, address, port: 80 }), "ECONNREFUSED");
    }
  });

  it("with the policy Local and endpoints only elsewhere, packets from outside are dropped, others served", async () => {
    await cluster.set({ c: {} }, local, [balanced, balanced6]);
    for (const address of [balanced, balanced6]) {
      assert.deepEqual(await cluster.call("client", address, 80), ["timeout"]);
      assert.deepEqual(backends(await cluster.call("a", address, 80)), ["c"]);
      assert.deepEqual(backends(await cluster.call("one", address, 80)), ["c"]);
    }
    await cluster.set({ c: {} }, { internalTrafficPolicy: "Local" });
    assert.deepEqual(await cluster.call("a", "10.233.0.10", 80), ["timeout"]);
  });

  it("endpoints that terminate but serve are used when nothing else is ready, for Local on this node alone", async () => {
    const ending = { ready: false, serving: true, terminating: true };
    await cluster.set({ a: ending, b: ending, c: {} }, local, [balanced]);
    assert.deepEqual(backends(await cluster.call("client", balanced, 80, 40)), ["a", "b"]);
    assert.deepEqual(backends(await cluster.call("a", "10.233.0.10", 80, 20)), ["c"]);
    await cluster.set({ a: ending, b: { ready: false, serving: false, terminating: true } }, local, [balanced]);
    assert.deepEqual(backends(await cluster.call("a", "10.233.0.10", 80, 20)), ["a"]);
  });

  it("endpoints on a node that is not ready, or reported dead, are left out at once", async () => {
    await cluster.set(all);
    const nodes = (ready: string, dead: readonly string[]) =>
      cluster.agent({ do: "nodes", nodes: [node("one", 1), node("two", 2, ready)], dead });
    await nodes("Unknown", []);
    assert.deepEqual(backends(await cluster.call("a", "10.233.0.10", 80, 40)), ["a", "b"]);
    await nodes("True", []);
    assert.deepEqual(backends(await cluster.call("a", "10.233.0.10", 80, 40)), ["a", "b", "c"]);
    await nodes("True", ["two"]);
    assert.deepEqual(backends(await cluster.call("a", "10.233.0.10", 80, 40)), ["a", "b"]);
    await nodes("True", []);
  });

  it("a connection that runs stays with its endpoint whatever changes around it", async () => {
    await cluster.set({ a: {} });
    const connection = { id: "running", address: "10.233.0.10", port: 80 };
    const first = await cluster.say("client", connection);
    await cluster.set({ b: {}, c: {} });
    assert.deepEqual(await cluster.say("client", connection), first);
    assert.deepEqual(backends(await cluster.call("client", "10.233.0.10", 80, 20)), ["b", "c"]);
    await cluster.set({});
    assert.deepEqual(await cluster.say("client", connection), first);
    await cluster.start();
    assert.deepEqual(await cluster.say("client", connection), first);
  });

  it("a connection to an endpoint on a node that is reported dead, but lives, goes on", async () => {
    const nodes = [node("one", 1), node("two", 2)];
    await cluster.set({ c: {} });
    const connection = { id: "reported", address: "10.233.0.10", port: 80 };
    const first = await cluster.say("client", connection);
    assert.match(first, /^c /);
    await cluster.agent({ do: "nodes", nodes, dead: ["two"] });
    assert.deepEqual(backends(await cluster.call("client", "10.233.0.10", 80, 10)), ["c"], "it is the last endpoint");
    await cluster.set(all);
    assert.deepEqual(backends(await cluster.call("client", "10.233.0.10", 80, 20)), ["a", "b"]);
    assert.deepEqual(await cluster.say("client", connection), first);
    await cluster.agent({ do: "nodes", nodes, dead: [] });
  });

  it("a UDP client whose endpoint goes is sent to another, and one from before the first endpoint to that", async () => {
    for (const [id, address] of [
      ["udp4", "10.233.0.10"],
      ["udp6", "fd00::10"],
    ] as const) {
      const flow = { id, address, port: 80 };
      await cluster.set({ a: {} });
      assert.match(await cluster.send("client", flow), /^a /);
      await cluster.set({ a: {}, b: {} });
      assert.match(await cluster.send("client", flow), /^a /);
      await cluster.set({ b: {} });
      assert.match(await cluster.send("client", flow), /^b /);
      await cluster.set({ b: { ready: false, serving: true, terminating: true }, c: {} });
      assert.match(await cluster.send("client", flow), /^b /, "its endpoint still serves");
      await cluster.set({ c: {} });
      assert.match(await cluster.send("client", flow), /^c /);
    }
    // Nobody's yet: the packets go on untranslated, and their flow is held as such.
    const early = { id: "early", address: "10.233.0.77", port: 80 };
    assert.equal(await cluster.send("client", early), "timeout");
    await cluster.set({ a: {} }, {}, [], 77);
    assert.match(await cluster.send("client", early), /^a /);
    await cluster.agent({ do: "set", key: "default/s77", slices: [] });
  });

  it("a client whose SYN met an endpoint that is silent is sent to another once that endpoint goes", async () => {
    const silent = ["10.233.65.2/32", "fd64:65::2/128"];
    for (const prefix of silent) cluster.net.ip("two", "route", "add", "blackhole", prefix);
    for (const [id, address] of [
      ["tcp4", "10.233.0.10"],
      ["tcp6", "fd00::10"],
    ] as const) {
      const connection = { id, address, port: 80 };
      await cluster.set({ c: {} });
      assert.equal(await cluster.say("client", connection), "timeout");
      await cluster.set({ a: {} });
      // Its next SYN comes 1, 3 or 7 s after the first (RFC 6298 §5.5).
      let answer = "timeout";
      for (let tried = 0; tried < 12 && answer === "timeout"; tried++) answer = await cluster.say("client", connection);
      assert.match(answer, /^a /);
    }
    for (const prefix of silent) cluster.net.ip("two", "route", "del", "blackhole", prefix);
  });

  it("tells a load balancer's health check of ready endpoints on this node", async () => {
    const checked = { ...local, healthCheckNodePort: 31_999 };
    const ask = () => cluster.host<[number, unknown]>("client", { do: "get", url: "http://10.10.2.1:31999/healthz" });
    const said = (localEndpoints: number) => ({
      service: { namespace: "default", name: "s10" },
      localEndpoints,
      serviceProxyHealthy: true,
    });
    await cluster.set(all, checked, [balanced]);
    assert.deepEqual(await ask(), [200, said(2)]);
    await cluster.set({ a: { ready: false, serving: true, terminating: true }, c: {} }, checked, [balanced]);
    assert.deepEqual(await ask(), [503, said(0)]);
    await cluster.set(all, { ...checked, externalTrafficPolicy: "Cluster" }, [balanced]);
    await assert.rejects(ask());
  });

  it("where bridges pass connection tracking by, pods on one node reach each other all the same", async () => {
    await cluster.set(all);
    for (const name of ["iptables", "ip6tables"]) cluster.net.sysctl("one", `net.bridge.bridge-nf-call-${name}`, "0");
    assert.match((await cluster.agent({ do: "verify" }))[0] ?? "", /bridges' tracking/);
    for (const address of ["10.233.0.10", "fd00::10"]) {
      assert.deepEqual(backends(await cluster.call("a", address, 80, 40)), ["a", "b", "c"]);
    }
  });
});
