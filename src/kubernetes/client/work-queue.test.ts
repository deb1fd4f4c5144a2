import assert from "node:assert/strict";
import { test } from "node:test";
import { WorkQueue } from "./index.ts";
import { systemPorts, type Ports } from "./ports.ts";

const quick: Ports = {
  ...systemPorts,
  clock: { now: () => performance.now(), setTimer: (ms, run) => systemPorts.clock.setTimer(ms / 100, run) },
};

/** Runs a queue for as long as `use` takes. */
async function withQueue(
  work: (key: string, signal: AbortSignal) => Promise<void>,
  use: (queue: WorkQueue, failures: [string, unknown, number][]) => Promise<void>,
  concurrency = 1,
): Promise<void> {
  const failures: [string, unknown, number][] = [];
  const queue = new WorkQueue(work, { ports: quick, concurrency, onFailure: (...failure) => failures.push(failure) });
  const stop = new AbortController();
  const running = queue.run(stop.signal);
  try {
    await use(queue, failures);
  } finally {
    stop.abort(new Error("the test is over"));
    await running;
  }
}

test("a key that waits is worked on once, and one added during its work once more", async () => {
  const done: string[] = [];
  const begun = Promise.withResolvers<void>();
  await withQueue(
    async (key) => {
      begun.resolve();
      await new Promise(setImmediate);
      done.push(key);
    },
    async (queue) => {
      for (const key of ["a", "b", "a", "a"]) queue.add(key);
      await begun.promise;
      queue.add("a");
      await queue.idle();
      assert.deepEqual(done.sort(), ["a", "a", "b"]);
    },
  );
});

test("a key that is added twice in one turn is worked on once", async () => {
  const done: string[] = [];
  await withQueue(
    async (key) => {
      await new Promise(setImmediate);
      done.push(key);
    },
    async (queue) => {
      for (const key of ["a", "a"]) queue.add(key);
      await queue.idle();
      assert.deepEqual(done, ["a"]);
    },
  );
});

test("no more keys are worked on at a time than allowed, and no key twice", async () => {
  const under = new Set<string>();
  let most = 0;
  await withQueue(
    async (key) => {
      assert.ok(!under.has(key));
      under.add(key);
      most = Math.max(most, under.size);
      await new Promise(setImmediate);
      under.delete(key);
    },
    async (queue, failures) => {
      for (let round = 0; round < 5; round += 1) {
        for (let key = 0; key < 10; key += 1) queue.add(`key-${key}`);
        await new Promise(setImmediate);
      }
      await queue.idle();
      assert.equal(most, 3);
      assert.deepEqual(failures, []);
    },
    3,
  );
});

test("a key whose work fails is tried again, later each time, and others go on", async () => {
  const attempts = { bad: 0, good: 0 };
  await withQueue(
    async (key) => {
      attempts[key as "bad" | "good"] += 1;
      if (key === "bad" && attempts.bad < 5) throw new Error("not yet");
    },
    async (queue, failures) => {
      queue.add("bad");
      queue.add("good");
      await queue.idle();
      assert.deepEqual(attempts, { bad: 5, good: 1 });
      assert.deepEqual(
        failures.map(([key]) => key),
        ["bad", "bad", "bad", "bad"],
      );
      const waits = failures.map(([, , retryMs]) => retryMs);
      for (const [index, wait] of waits.entries()) {
        assert.ok(wait >= 25 * 2 ** index && wait <= 50 * 2 ** index, `wait ${index} was ${wait} ms`);
      }
    },
  );
});

test("of two times to add a key later the sooner counts", async () => {
  const done: string[] = [];
  await withQueue(
    async (key) => void done.push(key),
    async (queue) => {
      queue.addAfter("a", 1_000_000_000);
      queue.addAfter("a", 100);
      queue.addAfter("a", 1_000_000_000);
      await queue.idle();
      assert.deepEqual(done, ["a"]);
    },
  );
});

test("when it is stopped, what is under way is waited for and nothing new is begun", async () => {
  const begun: string[] = [];
  const ended: string[] = [];
  const queue = new WorkQueue(
    async (key, signal) => {
      begun.push(key);
      await new Promise<void>((resolve) => signal.addEventListener("abort", () => setImmediate(resolve)));
      ended.push(key);
    },
    { onFailure: assert.fail },
  );
  const stop = new AbortController();
  const running = queue.run(stop.signal);
  queue.add("a");
  queue.add("b");
  queue.addAfter("c", 1);
  await new Promise(setImmediate);
  stop.abort();
  queue.add("d");
  await running;
  assert.deepEqual([begun, ended], [["a"], ["a"]]);
});
