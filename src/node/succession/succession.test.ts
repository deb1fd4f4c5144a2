import assert from "node:assert/strict";
import { connect } from "node:net";
import { test, type TestContext } from "node:test";
import { Succession } from "./succession.ts";

const forever = new AbortController().signal;
const nobody = 65_534;
let nodes = 0;

/** A node of its own for each test; what is begun on it is closed with the test. */
function node(t: TestContext, name = newName()) {
  return async (patienceMs = 20_000): Promise<Succession> => {
    const begun = await Succession.begin(name, { patienceMs });
    t.after(() => begun.close());
    return begun;
  };
}

function newName(): string {
  return `node-${process.pid}-${nodes++}`;
}

/** What `act` does at once is done by somebody who is not root: the kernel asks when a socket connects or listens. */
function asNobody<Result>(act: () => Result): Result {
  process.seteuid?.(nobody);
  try {
    return act();
  } finally {
    process.seteuid?.(0);
  }
}

async function isAsked({ asked }: Succession): Promise<void> {
  if (!asked.aborted) await new Promise((resolve) => asked.addEventListener("abort", resolve));
}

test("the first agent of a node has it at once, and nobody after it", async (t) => {
  const begin = node(t);
  const first = await begin();
  assert.equal(first.isWaiting, false);
  assert.equal(await first.take(forever), "free");
  assert.equal(first.hasSuccessor, false);
  await first.letGo(forever);
});

test("a second one is known to the first while it starts, and has the node when the first has let go", async (t) => {
  const begin = node(t);
  const first = await begin();
  const second = await begin();
  assert.equal(second.isWaiting, true);
  const taken = second.take(forever);
  await isAsked(first);
  assert.equal(first.hasSuccessor, true);
  const ended = first.letGo(forever);
  assert.equal(await taken, "given");
  await second.freed;
  assert.equal(second.isWaiting, false);
  // The first is not to end, and to be started again, before the second is gone.
  second.close();
  await ended;
});

test("an agent that was killed is succeeded at once", async (t) => {
  const begin = node(t);
  const first = await begin();
  const second = await begin();
  const taken = second.take(forever);
  first.close();
  assert.equal(await taken, "given");
});

test("one that does not answer is gone past, and its place is free when it is gone", async (t) => {
  const begin = node(t);
  const first = await begin();
  const second = await begin(50);
  assert.equal(await second.take(forever), "past a silent one");
  assert.equal(second.isWaiting, true);
  first.close();
  await second.freed;
  assert.equal(second.isWaiting, false);
});

test("of two successors both get the node, one after the other", async (t) => {
  const begin = node(t);
  const first = await begin();
  const [second, third] = [await begin(), await begin()];
  const waiting = [second, third].map(async (each) => {
    assert.equal(await each.take(forever), "given");
    return each;
  });
  await isAsked(first);
  void first.letGo(forever);
  const winner = await Promise.race(waiting);
  await isAsked(winner);
  void winner.letGo(forever);
  const both = await Promise.all(waiting);
  assert.equal(both.filter(({ isWaiting }) => !isWaiting).length, 2);
  assert.equal(winner.hasSuccessor, true);
});

test("a successor that gives up is forgotten", async (t) => {
  const begin = node(t);
  const first = await begin();
  const second = await begin();
  while (!first.hasSuccessor) await new Promise((resolve) => void setImmediate(resolve));
  second.close();
  while (first.hasSuccessor) await new Promise((resolve) => void setImmediate(resolve));
  assert.equal(first.asked.aborted, false);
});

test("another user is not heard by the agent in office", async (t) => {
  const name = newName();
  const first = await node(t, name)();
  const socket = asNobody(() => connect({ path: `\0fairlead/node/${name}` }));
  socket.on("error", () => {}).write("take\n");
  await new Promise((resolve) => void socket.resume().on("close", resolve));
  assert.equal(first.hasSuccessor, false);
});

test("another user's agent is told why it cannot take root's place", async (t) => {
  const begin = node(t);
  await begin();
  process.seteuid?.(nobody);
  t.after(() => process.seteuid?.(0));
  await assert.rejects(begin(), { code: "succession.not-allowed", message: /must be root/ });
});

test("another user who listens in an agent's place keeps nobody waiting", async (t) => {
  const begin = node(t);
  await asNobody(begin);
  const agent = await begin();
  assert.equal(agent.stranger, nobody);
  assert.equal(agent.isWaiting, false);
  assert.equal(await agent.take(forever), "free");
});

test("a node may have the longest name that Kubernetes gives", async (t) => {
  const begin = node(t, `${process.pid}-${"x".repeat(240)}`);
  await begin();
  assert.equal((await begin()).isWaiting, true);
});
