import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { Store, type Change, type Key } from "./store.ts";

const key = (name: string, namespace = "default"): Key => ({ resource: "configmaps", namespace, name });
const put = (store: Store, name: string, value: string) =>
  store.write((transaction) => transaction.put(key(name), name, (revision) => `${name}=${value}@${revision}`));
const texts = (store: Store, revision = store.revision) =>
  store.listAt("configmaps", undefined, revision).map(({ text }) => text);

function withFolder(run: (file: string) => Promise<void>): () => Promise<void> {
  return async () => {
    const folder = mkdtempSync(join(tmpdir(), "fairlead-store-"));
    try {
      await run(join(folder, "database"));
    } finally {
      rmSync(folder, { recursive: true });
    }
  };
}

test("a version's text carries the revision that it gets, and the newest is the one that is read", async () => {
  const store = new Store(":memory:");
  assert.deepEqual(await put(store, "a", "1"), { revision: 1, text: "a=1@1" });
  await put(store, "a", "2");
  assert.deepEqual({ ...store.get(key("a")) }, { revision: 2, text: "a=2@2" });
  assert.equal(store.byUid("a")?.name, "a");
  store.close();
});

test("writes that arrive together see one another, and a listener hears of them at once", async () => {
  const store = new Store(":memory:");
  const heard: (readonly Change[])[] = [];
  store.subscribe((changes) => heard.push(changes));
  const second = (name: string) => store.write((transaction) => transaction.get(key(name))?.text);
  const [, seen] = await Promise.all([put(store, "a", "1"), second("a"), put(store, "b", "1")]);
  assert.equal(seen, "a=1@1");
  assert.deepEqual(
    heard.map((changes) => changes.map(({ type, text }) => `${type} ${text}`)),
    [["ADDED a=1@1", "ADDED b=1@2"]],
  );
  store.close();
});

test("a write that throws, or is a dry run, leaves nothing and takes no revision", async () => {
  const store = new Store(":memory:");
  const writing = (dryRun: boolean) =>
    store.write((transaction) => {
      assert.ok(transaction.allocate("ports", dryRun ? "1" : "2", "a"));
      const { text } = transaction.put(key("a"), "a", (revision) => `a@${revision}`);
      if (!dryRun) throw new Error("refused");
      return text;
    }, dryRun);
  const [dry, refused, kept] = await Promise.allSettled([writing(true), writing(false), put(store, "b", "1")]);
  assert.deepEqual(dry, { status: "fulfilled", value: "a@1" });
  assert.equal(refused.status, "rejected");
  assert.deepEqual(kept, { status: "fulfilled", value: { revision: 1, text: "b=1@1" } });
  assert.deepEqual(texts(store), ["b=1@1"]);
  assert.ok(await store.write((transaction) => transaction.allocate("ports", "2", "b")), "the port was given back");
  store.close();
});

test("a list shows any revision since the last compaction", async () => {
  const store = new Store(":memory:");
  await put(store, "a", "1");
  await put(store, "b", "1");
  await put(store, "a", "2");
  await store.write((transaction) => transaction.remove(key("b"), "b", (revision) => `b=gone@${revision}`));
  await put(store, "b", "2");
  assert.deepEqual(texts(store, 2), ["a=1@1", "b=1@2"]);
  assert.deepEqual(texts(store, 3), ["a=2@3", "b=1@2"]);
  assert.deepEqual(texts(store, 4), ["a=2@3"]);
  assert.deepEqual(texts(store, 5), ["a=2@3", "b=2@5"]);
  store.compact(3);
  assert.deepEqual(texts(store, 3), ["a=2@3", "b=1@2"]);
  assert.deepEqual(texts(store), ["a=2@3", "b=2@5"]);
  assert.deepEqual(
    store.changesAfter(3, "configmaps").map(({ type, previous }) => [type, previous]),
    [
      ["DELETED", "b=1@2"],
      ["ADDED", undefined],
    ],
  );
  store.close();
});

test("what an object holds is free again when it is gone", async () => {
  const store = new Store(":memory:");
  await put(store, "a", "1");
  await store.write((transaction) => {
    assert.ok(transaction.allocate("ports", "30000", "a"));
    assert.ok(!transaction.allocate("ports", "30000", "b"));
    transaction.setOwners("a", ["owner"]);
    transaction.remove(key("a"), "a", () => "");
    assert.ok(transaction.allocate("ports", "30000", "b"));
    assert.deepEqual(transaction.ownedBy("owner"), []);
  });
  store.close();
});

test(
  "all of it is there again after a restart, and revisions go on where they were",
  withFolder(async (file) => {
    const first = new Store(file);
    await put(first, "a", "1");
    await put(first, "a", "2");
    await first.write((transaction) => transaction.allocate("ports", "30000", "a"));
    first.setSetting("key", "value");
    await first.write((transaction) => transaction.remove(key("a"), "a", () => "gone"));
    first.compact(3);
    first.close();
    const second = new Store(file);
    assert.deepEqual([second.revision, second.compacted, second.setting("key")], [3, 3, "value"]);
    assert.deepEqual(await put(second, "b", "1"), { revision: 4, text: "b=1@4" });
    second.close();
  }),
);

test(
  "a database is open once at a time",
  withFolder(async (file) => {
    const store = new Store(file);
    await put(store, "a", "1");
    assert.throws(() => new Store(file), /locked/);
    store.close();
  }),
);

test("a closed store refuses writes", async () => {
  const store = new Store(":memory:");
  store.close();
  await assert.rejects(put(store, "a", "1"), /closed/);
});

const anyName = fc.constantFrom("a", "b", "c", "d", "e", "f");

test("pages put together are the list as it was, whatever happened since", async () => {
  const step = fc.record({ name: anyName, namespace: fc.constantFrom("x", "y"), deletes: fc.boolean() });
  const steps = fc.array(step, { maxLength: 15 });
  await fc.assert(
    fc.asyncProperty(
      steps,
      steps,
      fc.integer({ min: 1, max: 4 }),
      fc.constantFrom(undefined, "x"),
      async (before, since, limit, namespace) => {
        const store = new Store(":memory:");
        const run = async ({ name, namespace, deletes }: { name: string; namespace: string; deletes: boolean }) => {
          const at = key(name, namespace);
          const text = (revision: number) => `${namespace}/${name}@${revision}`;
          await store.write((transaction) => {
            if (!deletes) transaction.put(at, `${namespace}-${name}`, text);
            else if (transaction.get(at) !== undefined) transaction.remove(at, `${namespace}-${name}`, text);
          });
        };
        for (const each of before) await run(each);
        const then = store.list("configmaps", namespace).map(({ text }) => text);
        const { revision } = store;
        for (const each of since) await run(each);
        const paged: string[] = [];
        let after: { namespace: string; name: string } | undefined;
        for (;;) {
          const page = store.listAt("configmaps", namespace, revision, { after, limit }).slice(0, limit);
          paged.push(...page.map(({ text }) => text));
          after = page.at(-1);
          if (after === undefined) break;
        }
        assert.deepEqual(paged, then);
        store.close();
      },
    ),
  );
});
