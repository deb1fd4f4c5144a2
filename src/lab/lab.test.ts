import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { test } from "node:test";
import { Lab } from "./lab.ts";
import { labs } from "./lab-folder.ts";
import { labFolder, namespacePrefix } from "./names.ts";
import { inodesOf, namespacesStartingWith, processesIn } from "./namespaces.ts";
import { PodSandbox } from "./pod-sandbox.ts";
import { programArgv } from "./program.ts";
import { takeDown } from "./take-down.ts";
import { bgpTopology } from "./topology-bgp.ts";
import { until } from "./until.ts";

const skip = process.getuid?.() === 0 ? false : "network namespaces take root";
const node = "cy01-net112";
const ping = ["ping", "-c1", "-W2"];
const pingOnce = ["ping", "-c1", "-W1"];

async function withLab(run: (lab: Lab) => Promise<void>): Promise<void> {
  const lab = await Lab.up(bgpTopology);
  try {
    await run(lab);
  } finally {
    await lab.down();
  }
  await assertNothingIsLeft(lab.id);
}

async function assertNothingIsLeft(id: string): Promise<void> {
  assert.deepEqual(await namespacesStartingWith(namespacePrefix(id)), []);
  assert.equal(existsSync(labFolder(id)), false);
  assert.ok(!(await labs()).includes(id));
}

test("the client reaches every node through the switch, and the nodes reach the API's host", { skip }, async () => {
  await withLab(async (lab) => {
    for (const address of ["10.10.2.112", "10.10.2.113", "10.10.2.114"]) {
      await lab.exec("client", [...ping, address]);
    }
    await lab.exec(node, [...ping, "192.168.77.1"]);
  });
});

test("labs run side by side, and one taken down leaves the other as it is", { skip }, async () => {
  await withLab(async (first) => {
    await withLab(async (second) => {
      assert.notEqual(first.id, second.id);
      await second.exec("client", [...ping, "10.10.2.112"]);
    });
    await first.exec("client", [...ping, "10.10.2.112"]);
    await assert.rejects(Lab.up(bgpTopology, { id: first.id }), { code: "lab.idTaken" });
    await first.exec("client", [...ping, "10.10.2.112"]);
  });
});

test("a lab that is aborted while it is built leaves nothing behind", { skip }, async () => {
  for (const id of ["aborted0", "aborted1", "aborted2", "aborted3"].map((name) => `${name}${process.pid % 100}`)) {
    const abort = new AbortController();
    const building = Lab.up(bgpTopology, { id, signal: abort.signal });
    setTimeout(() => abort.abort(new Error("enough")), Math.random() * 40);
    await building.then(
      async (lab) => lab.down(),
      (error: Error) => assert.equal(error.message, "enough"),
    );
    await assertNothingIsLeft(id);
  }
});

test("pods on different nodes reach each other, through the CNI plugin and the nodes' routes", { skip }, async () => {
  await withLab(async (lab) => {
    const [one, two] = await Promise.all([
      PodSandbox.create(lab.id, lab.host("cy01-net112"), "one"),
      PodSandbox.create(lab.id, lab.host("cy01-net113"), "two"),
    ]);
    assert.match(one.addresses[0], /^10\.233\.93\./);
    assert.match(two.addresses[0], /^10\.233\.119\./);
    const server = await two.run({ name: "server", argv: programArgv("pod-server", { name: "two", port: "80" }) });
    const curl = ["curl", "--silent", "--max-time", "2", `http://${two.addresses[0]}/`];
    const answer = await until("the pod answers its node", async () =>
      lab.exec("cy01-net113", curl).catch(() => undefined),
    );
    assert.match(answer, /^two\nclient: 10\.233\.119\.1:\d+\n/);
    const asked = await one.run({ name: "asks", argv: curl, separateOutput: true });
    assert.deepEqual(await asked.ended, { status: 0, signal: null });
    assert.equal((await server.stop()).status, 0);
    await one.remove();
    await two.remove();
    assert.deepEqual(await namespacesStartingWith(`${namespacePrefix(lab.id)}cy01-net113--`), []);
  });
});

test("a black hole drops everything and both sides keep their carrier; a pulled cable takes it", { skip }, async () => {
  await withLab(async (lab) => {
    const carrier = async (host: string, device: string) =>
      (await lab.exec(host, ["ip", "-br", "link", "show", "dev", device])).includes("LOWER_UP");
    await lab.blackhole(node, "data");
    await assert.rejects(lab.exec("client", [...pingOnce, "10.10.2.112"]));
    assert.equal(await carrier(node, "eth0"), true);
    assert.equal(await carrier("switch", "data"), true);
    await lab.exec("client", [...ping, "10.10.2.113"]);
    await lab.exec(node, [...ping, "192.168.77.1"]);
    await lab.heal(node, "data");
    await lab.exec("client", [...ping, "10.10.2.112"]);
    await lab.pullCable(node, "data");
    assert.equal(await carrier(node, "eth0"), false);
    assert.equal(await carrier("switch", "data"), true);
    await lab.heal(node, "data");
  });
});

test("a node that was killed runs nothing and has no pods; booted, it is on the network again", { skip }, async () => {
  await withLab(async (lab) => {
    const sleeper = await lab.run(node, { name: "sleeper", argv: ["sleep", "600"] });
    const pod = await PodSandbox.create(lab.id, lab.host(node), "one");
    const inPod = await pod.run({ name: "sleeper", argv: ["sleep", "600"] });
    await lab.kill(node);
    assert.equal((await sleeper.ended).signal, "SIGKILL");
    assert.equal((await inPod.ended).signal, "SIGKILL");
    assert.deepEqual(await namespacesStartingWith(`${namespacePrefix(lab.id)}${node}`), []);
    await assert.rejects(lab.exec("client", [...pingOnce, "10.10.2.112"]));
    await lab.boot(node);
    await lab.exec("client", [...ping, "10.10.2.112"]);
    const again = await PodSandbox.create(lab.id, lab.host(node), "one");
    assert.equal(again.addresses[0], pod.addresses[0], "the address was not leaked");
  });
});

test("what a killed process leaves of its lab, another takes down", { skip }, async () => {
  const id = `killed${process.pid % 1000}`;
  const builder = spawn(process.execPath, ["--input-type=module", "--eval", crashingBuilder, id], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    await new Promise((resolve) => builder.stdout.once("data", resolve));
    await assert.rejects(takeDown(id), { code: "lab.inUse" });
    assert.ok((await labs()).includes(id));
    const inodes = await inodesOf(await namespacesStartingWith(namespacePrefix(id)));
    // A process enters its namespace a moment after it was started.
    await until("both processes are in their namespaces", async () => (await processesIn(inodes)).length === 2);
    builder.kill("SIGKILL");
    await new Promise((resolve) => builder.once("exit", resolve));
    assert.equal((await processesIn(inodes)).length, 2, "its processes outlive it");
    await takeDown(id);
    assert.deepEqual(await processesIn(inodes), []);
    await assertNothingIsLeft(id);
    await takeDown(id);
  } finally {
    const ended = builder.exitCode !== null || builder.signalCode !== null || once(builder, "exit");
    builder.kill("SIGKILL");
    await ended;
    await takeDown(id);
  }
});

const crashingBuilder = `
  import { Lab } from ${JSON.stringify(new URL("./lab.ts", import.meta.url).href)};
  import { bgpTopology } from ${JSON.stringify(new URL("./topology-bgp.ts", import.meta.url).href)};
  const lab = await Lab.up(bgpTopology, { id: process.argv[1] });
  await lab.run("client", { name: "sleeper", argv: ["sleep", "600"] });
  await lab.run("cy01-net112", { name: "sleeper", argv: ["sleep", "600"] });
  console.log("up");
  setInterval(() => {}, 1000);
`;
