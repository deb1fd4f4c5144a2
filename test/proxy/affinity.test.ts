import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Cluster, backends, all, balanced, balanced6, balancer } from "./cluster.ts";

describe("client affinity", () => {
  let cluster: Cluster;
  before(async () => {
    cluster = await Cluster.up();
  });
  after(() => cluster.down());

  const sticky = (timeoutSeconds: number) => ({
    sessionAffinity: "ClientIP",
    sessionAffinityConfig: { clientIP: { timeoutSeconds } },
  });

  for (const [policy, address] of [
    ["Cluster", balanced],
    ["Local", balanced],
    ["Cluster", balanced6],
    ["Local", balanced6],
  ] as const) {
    it(`keeps clients of ${address} with the policy ${policy} where they are`, async () => {
      await cluster.set(all, { ...balancer, externalTrafficPolicy: policy, ...sticky(60) }, [balanced, balanced6]);
      for (const host of ["client", "a", "b", "one"]) {
        const answers = await cluster.call(host, address, 80, 25);
        assert.equal(backends(answers).length, 1, `${host}: ${String(answers)}`);
      }
    });
  }

  it("ends after the time since the client's last packet, also that of a connection that runs", async () => {
    await cluster.set(all, sticky(2));
    const running = { id: "sticky", address: "10.233.0.10", port: 80 };
    const [backend] = (await cluster.say("client", running)).split(" ");
    // Far longer than the time, with a packet now and then on the one connection and no new one.
    for (let packet = 0; packet < 8; packet++) {
      await sleep(500);
      await cluster.say("client", running);
    }
    assert.deepEqual(backends(await cluster.call("client", "10.233.0.10", 80, 25)), [backend]);
    assert.equal(clientsRemembered(), 1);
    for (let waited = 0; clientsRemembered() > 0; waited++) {
      assert.ok(waited < 100, "nobody is forgotten");
      await sleep(100);
    }
    // Back after the time, the connection makes its endpoint the client's again.
    await cluster.say("client", running);
    assert.deepEqual(backends(await cluster.call("client", "10.233.0.10", 80, 25)), [backend]);
  });

  it("forgets an endpoint that goes, and nothing else", async () => {
    await cluster.set(all, sticky(60));
    const [first] = backends(await cluster.call("client", "10.233.0.10", 80));
    const left = (["a", "b", "c"] as const).filter((each) => each !== first);
    await cluster.set(Object.fromEntries(left.map((each) => [each, {}])), sticky(60));
    const second = backends(await cluster.call("client", "10.233.0.10", 80, 25));
    assert.equal(second.length, 1);
    assert.ok(second[0] !== first);
    await cluster.set(all, sticky(60));
    assert.deepEqual(backends(await cluster.call("client", "10.233.0.10", 80, 25)), second);
  });

  it("outlives the proxy", async () => {
    await cluster.set(all, sticky(60));
    const [first] = backends(await cluster.call("client", "10.233.0.10", 80));
    await cluster.start();
    assert.deepEqual(backends(await cluster.call("client", "10.233.0.10", 80, 25)), [first]);
  });

  const clientsRemembered = () =>
    cluster.net
      .run("one", "nft", "list", "table", "inet", "fairlead-proxy")
      .split("\n")
      .filter((line) => line.includes("10.10.2.9 expires")).length;
});
