// An agent that takes the place of another on its node, while that one still runs, with a switch that keeps routes
// meanwhile (RFC 4724): an update without a lost route.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { BFDProfile } from "../../src/kubernetes/resources/index.ts";
import { until } from "../interop/frr.ts";
import { Fairlead } from "./agent.ts";
import { KernelRoutes } from "./kernel-routes.ts";
import { metricsPort, namespace, Stage } from "./stage.ts";

const address = "172.19.100.1";
const proxying = ["--proxy", "--pod-network", "10.233.64.0/18"];
/** The switch misses a dead agent's packets after three seconds only, when the next one runs already. */
const slowly = { receiveInterval: 1_000, transmitInterval: 1_000, detectMultiplier: 3 };
const announces = /announcing from now on/;

interface Office {
  readonly stage: Stage;
  readonly agent: Fairlead;
  /** How often the switch has had a session so far. */
  readonly before: number;
  readonly bfdBefore: number | undefined;
  readonly routes: KernelRoutes;
}

/** An agent with a session and a route in the switch's kernel, and what happens to that route from then on. */
async function inOffice({ bfd = false } = {}): Promise<Office> {
  const stage = await Stage.start({ bfd });
  try {
    await stage.configureRestart(bfd ? { bfdProfile: "slow" } : {});
    if (bfd) await stage.client.create(BFDProfile, { metadata: { namespace, name: "slow" }, spec: slowly });
    stage.controller();
    await stage.addService("web");
    const agent = stage.node(...proxying, "--pod-uid=first");
    await until("the kernel has the route", async () =>
      JSON.stringify(await stage.frr.show("ip route bgp")).includes(address),
    );
    if (bfd) await until("the switch sees the path", async () => (await bfdSession(stage)) !== undefined);
    const before = await stage.timesEstablished();
    const bfdBefore = bfd ? await bfdSession(stage) : undefined;
    return { stage, agent, before, bfdBefore, routes: stage.use(new KernelRoutes(stage.neighbour.name)) };
  } catch (error) {
    await stage[Symbol.asyncDispose]();
    throw error;
  }
}

/** The switch's name for the agent's BFD session, another one for each agent; undefined where it is not up. */
async function bfdSession(stage: Stage): Promise<number | undefined> {
  const peers = JSON.parse(await stage.frr.vtysh("show bfd peers json")) as { status: string; "remote-id": number }[]; // FRR's form
  return peers.find(({ status }) => status === "up")?.["remote-id"];
}

async function bfdIsBack({ stage, bfdBefore }: Office): Promise<void> {
  await until("the switch has another BFD session", async () => {
    const session = await bfdSession(stage);
    return session !== undefined && session !== bfdBefore;
  });
}

/** What the startup probe of a pod says; undefined where it is content. */
async function notReady(pod: string): Promise<string | undefined> {
  await using asking = new Fairlead(["ready", `--port=${metricsPort.node}`, `--pod-uid=${pod}`]);
  const { status, stderr } = await asking.end();
  return status === 0 ? undefined : stderr;
}

function hasRules(): boolean {
  return execFileSync("nft", ["list", "map", "inet", "fairlead-proxy", "services4"], { encoding: "utf8" }).includes(
    `${address} . tcp . 80 :`,
  );
}

/** Resolves with how often the switch has had a session, when it has another one, which stays. */
async function sessionIsBack({ stage, before }: Office): Promise<number> {
  await until("there is another session", async () => (await stage.timesEstablished()) > before);
  let times = 0;
  await until("the session stays", async () => {
    times = await stage.timesEstablished();
    // Where both have dialled, FRR may end the first of two sessions for the second, and keep the routes.
    await wait(1_000);
    return (await stage.switchState()) === "Established" && (await stage.timesEstablished()) === times;
  });
  return times;
}

test("a new agent takes over from the one that runs, which is ended later, and the route never leaves the switch", async () => {
  const office = await inOffice();
  const { stage, agent, routes } = office;
  await using _ = stage;
  await until("the first agent is ready", async () => (await notReady("first")) === undefined);
  assert.match((await notReady("second")) ?? "", /503: the process here is of pod first/);
  const next = stage.node(...proxying, "--pod-uid=second");
  await next.says(announces);
  const times = await sessionIsBack(office);
  await agent.says(/takes this node over/);
  assert.equal(agent.running, true, "a process that ended would be started again by its kubelet");
  assert.ok(hasRules());
  await until("the port is the new one's", async () => (await notReady("second")) === undefined);
  assert.match((await notReady("first")) ?? "", /503: the process here is of pod second/);
  const end = await agent.send("SIGTERM");
  assert.equal(end.status, 0, end.stdout + end.stderr);
  assert.ok(hasRules());
  assert.equal((await stage.session("l3-switch"))?.gracefulRestart, true);
  assert.equal(await stage.timesEstablished(), times);
  assert.deepEqual(routes.deletions(address), []);
  // Without a successor it is as ever: withdrawn first.
  assert.equal((await next.send("SIGTERM")).status, 0);
  assert.deepEqual(await stage.routes(), []);
});

test("an agent that is ended while its successor still starts leaves the route to it", async () => {
  const office = await inOffice();
  const { stage, agent, routes } = office;
  await using _ = stage;
  const next = stage.node(...proxying);
  await until("the successor is known", () => abstractSockets() > 1);
  const end = await agent.send("SIGTERM");
  assert.match(end.stdout, /takes this node over/);
  assert.equal(end.status, 0, end.stdout + end.stderr);
  await next.says(announces);
  await sessionIsBack(office);
  assert.deepEqual(routes.deletions(address), []);
});

test("an agent that hangs is gone past, and does not fight for the session when it wakes up", async () => {
  const office = await inOffice();
  const { stage, agent, routes } = office;
  await using _ = stage;
  agent.signal("SIGSTOP");
  const next = stage.node(...proxying);
  await next.says(/does not let go/);
  await next.says(announces);
  const times = await sessionIsBack(office);
  agent.signal("SIGCONT");
  await agent.says(/takes this node over/);
  assert.equal((await agent.send("SIGTERM")).status, 0);
  assert.equal(await stage.switchState(), "Established");
  assert.equal(await stage.timesEstablished(), times);
  assert.ok(hasRules());
  assert.deepEqual(routes.deletions(address), []);
});

test("an agent that let go ends when its successor does, for its kubelet to start it again", async () => {
  const office = await inOffice();
  const { stage, agent } = office;
  await using _ = stage;
  const next = stage.node(...proxying);
  await next.says(announces);
  await next.send("SIGKILL");
  const end = await agent.end();
  assert.equal(end.status, 0, end.stdout + end.stderr);
});

test("with BFD, too, a new agent takes over without a lost route", async () => {
  const office = await inOffice({ bfd: true });
  const { stage, agent, routes } = office;
  await using _ = stage;
  const next = stage.node(...proxying);
  await next.says(announces);
  await bfdIsBack(office);
  const times = await sessionIsBack(office);
  await agent.send("SIGTERM");
  assert.notEqual(await bfdSession(stage), undefined);
  assert.equal(await stage.timesEstablished(), times);
  assert.deepEqual(routes.deletions(address), []);
});

test("an agent that is back before BFD has missed the killed one waits for that, for the router would end its session", async () => {
  const office = await inOffice({ bfd: true });
  const { stage, agent, routes } = office;
  await using _ = stage;
  await agent.send("SIGKILL");
  const next = stage.node(...proxying);
  await next.says(announces);
  const times = await sessionIsBack(office);
  await bfdIsBack(office);
  assert.equal(await stage.timesEstablished(), times);
  assert.deepEqual(routes.deletions(address), []);
});

/** The one that is listened at, and a connection for each successor. */
function abstractSockets(): number {
  const sockets = execFileSync("ss", ["--unix", "--all", "--no-header"], { encoding: "utf8" });
  return sockets.split("\n").filter((line) => line.includes("@fairlead/node/")).length;
}
