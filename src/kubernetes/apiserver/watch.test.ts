import assert from "node:assert/strict";
import { test } from "node:test";
import { ConfigMap } from "../resources/index.ts";
import { stringAt } from "./json.ts";
import { Reader, type ObjectList } from "./reader.ts";
import { ApiError } from "./status.ts";
import { Store, type Key } from "./store/store.ts";
import { Watches } from "./watch.ts";

const key = (name: string): Key => ({ resource: "configmaps", namespace: "default", name });
const target = { kind: ConfigMap, namespace: undefined, name: undefined, subresource: undefined };

function object(name: string, labels: Record<string, string>, revision: number): string {
  return JSON.stringify({ metadata: { name, labels, resourceVersion: String(revision) } });
}

class Stage {
  readonly store = new Store(":memory:");

  put(name: string, labels: Record<string, string> = {}): Promise<unknown> {
    return this.store.write((transaction) =>
      transaction.put(key(name), name, (revision) => object(name, labels, revision)),
    );
  }

  delete(name: string): Promise<unknown> {
    return this.store.write((transaction) =>
      transaction.remove(key(name), name, (revision) => object(name, {}, revision)),
    );
  }

  /** The events of a watch, as `ADDED name@revision`. */
  watch(
    query: Record<string, string>,
    patience = Infinity,
  ): { events: string[]; ended: () => boolean; stop: () => void } {
    const events: string[] = [];
    let ended = false;
    const send = (line: string) => {
      const { type, object: of } = JSON.parse(line) as {
        type: string;
        object: { metadata: Record<string, string>; code?: number };
      };
      events.push(`${type} ${of.metadata["name"] ?? of.code ?? ""}@${of.metadata["resourceVersion"] ?? ""}`);
      return events.length < patience;
    };
    const sink = { send, end: () => void (ended = true) };
    const stop = new Watches(this.store).start(target, new URLSearchParams(query), (text) => text, sink);
    return { events, ended: () => ended, stop };
  }
}

test("a watch from a revision tells all that came after it, once, and goes on", async () => {
  const stage = new Stage();
  await stage.put("a");
  await stage.put("b");
  const { events, stop } = stage.watch({ resourceVersion: "1" });
  await stage.put("a");
  await stage.delete("b");
  assert.deepEqual(events, ["ADDED b@2", "MODIFIED a@3", "DELETED b@4"]);
  stop();
  await stage.put("c");
  assert.equal(events.length, 3);
});

test("a watch from nowhere or from 0 begins with what is there", async () => {
  for (const query of [{}, { resourceVersion: "0" }]) {
    const stage = new Stage();
    await stage.put("a");
    const { events, stop } = stage.watch(query);
    await stage.put("b");
    assert.deepEqual(events, ["ADDED a@1", "ADDED b@2"]);
    stop();
  }
});

test("initial events end with a bookmark that says so", async () => {
  const stage = new Stage();
  await stage.put("a");
  const query = { sendInitialEvents: "true", resourceVersionMatch: "NotOlderThan", allowWatchBookmarks: "true" };
  const { events, stop } = stage.watch(query);
  assert.deepEqual(events, ["ADDED a@1", "BOOKMARK @1"]);
  stop();
  assert.throws(
    () => stage.watch({ sendInitialEvents: "true" }),
    (error) => error instanceof ApiError && error.code === 422,
  );
  assert.throws(() => stage.watch({ resourceVersionMatch: "Exact" }), /resourceVersionMatch is forbidden for watch/);
});

test("an object that comes to be selected is added, and one that ceases to be is deleted", async () => {
  const stage = new Stage();
  const { events, stop } = stage.watch({ labelSelector: "on=yes" });
  await stage.put("a");
  await stage.put("a", { on: "yes" });
  await stage.put("a", { on: "yes", more: "x" });
  await stage.put("a");
  await stage.delete("a");
  await stage.put("b", { on: "yes" });
  await stage.delete("b");
  assert.deepEqual(events, ["ADDED a@2", "MODIFIED a@3", "DELETED a@4", "ADDED b@6", "DELETED b@7"]);
  stop();
});

test("a watch from before the history is told that it is gone", async () => {
  const stage = new Stage();
  await stage.put("a");
  await stage.put("a");
  stage.store.compact(2);
  const { events, ended } = stage.watch({ resourceVersion: "1" });
  assert.deepEqual(events, ["ERROR 410@"]);
  assert.ok(ended());
  stage.watch({ resourceVersion: "2" }).stop();
});

test("a watcher that does not keep up is let go", async () => {
  const stage = new Stage();
  const { events, ended } = stage.watch({}, 2);
  for (const name of ["a", "b", "c"]) await stage.put(name);
  assert.deepEqual(events, ["ADDED a@1", "ADDED b@2"]);
  assert.ok(ended());
});

test("pages of a list show one revision, whatever is written in between", async () => {
  const stage = new Stage();
  const { store } = stage;
  const reader = new Reader(store);
  for (const name of ["a", "b", "c", "d", "e"]) await stage.put(name);
  const page = (query: Record<string, string>) => reader.list(target, new URLSearchParams(query));
  const token = ({ metadata }: ObjectList) => stringAt(metadata, "continue") ?? "";
  const first = page({ limit: "2" });
  assert.deepEqual(first.metadata, {
    resourceVersion: "5",
    continue: first.metadata["continue"],
    remainingItemCount: 3,
  });
  await stage.delete("c");
  await stage.put("cc");
  const second = page({ limit: "2", continue: token(first) });
  assert.deepEqual(second.texts, [object("c", {}, 3), object("d", {}, 4)]);
  const third = page({ limit: "2", continue: token(second) });
  assert.deepEqual([third.texts, third.metadata], [[object("e", {}, 5)], { resourceVersion: "5" }]);
  store.compact(7);
  const late = () => page({ limit: "2", continue: token(first) });
  assert.throws(late, (error) => error instanceof ApiError && error.code === 410);
  assert.throws(() => page({ continue: "x" }), /continue key is not valid/);
  assert.throws(() => page({ resourceVersion: "99" }), /Too large resource version: 99, current: 7/);
  assert.throws(() => page({ resourceVersion: "1", resourceVersionMatch: "Exact" }), /too old/);
});
