import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { allSynced, Client, watchKind } from "../../src/kubernetes/client/index.ts";
import type { Changes, ClientError, Informer, InformerOptions } from "../../src/kubernetes/client/index.ts";
import { ConfigMap, keyOf } from "../../src/kubernetes/resources/index.ts";
import { SimulatedClock } from "../../src/protocols/clock/index.ts";
import { hastyPorts, json, ModelServer, until } from "./client-model-server.ts";

/** What a handler makes of the changes that it is told, complaining of what cannot be. */
class Replay {
  readonly objects = new Map<string, ConfigMap>();
  deliveries = 0;

  readonly take = ({ deleted, added, updated }: Changes<ConfigMap>): void => {
    this.deliveries += 1;
    for (const object of deleted) {
      assert.equal(this.objects.get(keyOf(object)), object, "deleted what it had told of");
      this.objects.delete(keyOf(object));
    }
    for (const object of added) {
      assert.ok(!this.objects.has(keyOf(object)), "added what was not there");
      this.objects.set(keyOf(object), object);
    }
    for (const { old, new: now } of updated) {
      assert.equal(this.objects.get(keyOf(now)), old, "updated from what it had told of");
      this.objects.set(keyOf(now), now);
    }
  };
}

interface Stage {
  readonly server: ModelServer;
  readonly client: Client;
  readonly replay: Replay;
  readonly failures: ClientError[];
  readonly unreadable: string[];
  readonly stop: AbortController;
  watch<Index extends string = never>(options?: InformerOptions<ConfigMap, Index>): Informer<ConfigMap, Index>;
}

async function onStage(run: (stage: Stage) => Promise<void>): Promise<void> {
  const server = new ModelServer();
  await server.listen();
  const unreadable: string[] = [];
  const client = new Client(server.access, { ports: hastyPorts, onUnreadable: ({ key }) => unreadable.push(key) });
  const stop = new AbortController();
  const replay = new Replay();
  const failures: ClientError[] = [];
  const informers: Informer<ConfigMap, string>[] = [];
  try {
    await run({
      server,
      client,
      replay,
      failures,
      unreadable,
      stop,
      watch: (options = {}) => {
        const all = { onDisconnect: (error: ClientError) => failures.push(error), ...options };
        const informer = watchKind(client, ConfigMap, all, replay.take, stop.signal);
        informers.push(informer);
        return informer;
      },
    });
  } finally {
    stop.abort(new Error("the test is over"));
    await Promise.allSettled(informers.map((informer) => informer.done));
    client.close();
    await server.close();
  }
}

/** Key, UID and data: all that a ConfigMap of the model has. */
function essence(
  objects: Iterable<{
    metadata: { namespace?: string | undefined; name: string; uid?: string | undefined };
    data?: unknown;
  }>,
) {
  return [...objects].map((object) => `${keyOf(object)} ${object.metadata.uid} ${JSON.stringify(object.data)}`).sort();
}

function agrees({ server, replay }: Stage, informer: Informer<ConfigMap, string>): boolean {
  const truth = essence(server.state.values()).join("\n");
  return [informer.cache.values(), replay.objects.values()].every((told) => essence(told).join("\n") === truth);
}

type Step = "put a" | "put b" | "put c" | "remove a" | "remove b" | "replace a" | (typeof faults)[number];
const faults = [
  "cut",
  "end",
  "cut half",
  "compact",
  "bookmark",
  "garbage",
  "500",
  "by event",
  "pause",
  "settle",
] as const;
const steps: readonly Step[] = ["put a", "put b", "put c", "remove a", "remove b", "replace a", ...faults];

async function take(step: Step, index: number, server: ModelServer): Promise<void> {
  if (step.startsWith("put ")) server.put(step.slice(4), { step: String(index) });
  else if (step.startsWith("remove ")) server.remove(step.slice(7));
  else if (step === "replace a") {
    server.remove("a");
    server.put("a", { step: String(index) });
  } else if (step === "cut") server.cut();
  else if (step === "end") server.end();
  else if (step === "cut half") server.cutNextEvent = true;
  else if (step === "compact") server.compact();
  else if (step === "bookmark") server.bookmark();
  else if (step === "garbage") server.sendRaw("<html>502 Bad Gateway</html>\n");
  else if (step === "500") server.failures += 2;
  else if (step === "by event") server.expiredBy = server.expiredBy === "event" ? "status" : "event";
  else await new Promise((resolve) => setTimeout(resolve, step === "pause" ? 1 : 20));
}

test("whatever breaks in between, the cache ends as the server's state, and the changes told add up to it", async () => {
  const story = fc.array(fc.constantFrom(...steps), { minLength: 1, maxLength: 25 });
  await fc.assert(
    fc.asyncProperty(fc.boolean(), story, async (waitForSync, story) => {
      await onStage(async (stage) => {
        stage.server.put("a", { step: "first" });
        const informer = stage.watch({ backoff: { firstMs: 50, maxMs: 500 } });
        if (waitForSync) await informer.synced;
        for (const [index, step] of story.entries()) await take(step, index, stage.server);
        stage.server.cutNextEvent = false;
        await until("the cache agrees", () => agrees(stage, informer));
        await until("it is watching", () => informer.staleSince === undefined);
      });
    }),
    { numRuns: 60 },
  );
});

test("what changes in one turn is told at once, and what comes and goes is not told", async () => {
  await onStage(async (stage) => {
    const informer = stage.watch();
    await until("it is watching", () => stage.server.openWatches === 1);
    for (let count = 0; count < 500; count += 1) stage.server.put(`many-${count}`, {});
    await until("the cache agrees", () => agrees(stage, informer));
    assert.ok(stage.replay.deliveries < 50, `${stage.replay.deliveries} deliveries for 500 objects`);
    const before = stage.replay.deliveries;
    stage.server.sendRaw(
      ["ADDED", "DELETED"]
        .map((type) =>
          JSON.stringify({ type, object: { metadata: { name: "brief", uid: "u", resourceVersion: "9999" } } }),
        )
        .join("\n") + "\n",
    );
    stage.server.sendRaw(
      `${JSON.stringify({ type: "ADDED", object: { metadata: { name: "last", resourceVersion: "9999" } } })}\n`,
    );
    await until(
      "the last is there",
      () => informer.cache.get("last") !== undefined && stage.replay.objects.has("last"),
    );
    assert.ok(stage.replay.deliveries <= before + 2);
    assert.ok(!stage.replay.objects.has("brief"));
  });
});

test("when event follows event, the first are read at once, and the others together", async () => {
  const server = new ModelServer();
  await server.listen();
  const clock = new SimulatedClock();
  const client = new Client(server.access, { ports: { ...hastyPorts, clock } });
  const stop = new AbortController();
  const replay = new Replay();
  const informer = watchKind(client, ConfigMap, {}, replay.take, stop.signal);
  try {
    await until("it is watching", () => server.openWatches === 1);
    for (let count = 1; count <= 7; count += 1) {
      server.put(`early-${count}`, {});
      await until("it is told at once", () => replay.objects.size === count);
    }
    for (let turn = 1; turn <= 50; turn += 1) {
      if (turn <= 30) server.put(`many-${turn}`, {});
      await new Promise(setImmediate);
    }
    assert.ok(informer.cache.size < 30, `${informer.cache.size} were read at once`);
    const before = replay.deliveries;
    await until("all are told", () => {
      clock.advance(50);
      return replay.objects.size === 37;
    });
    assert.ok(replay.deliveries - before < 15, `${replay.deliveries - before} deliveries`);
    clock.advance(1_000);
    server.put("late", {});
    await until("it is told at once, after a rest", () => replay.objects.size === 38);
  } finally {
    stop.abort(new Error("the test is over"));
    await Promise.allSettled([informer.done]);
    client.close();
    await server.close();
  }
});

test("a server that is away and has forgotten its history leaves the cache in force, and is caught up with", async () => {
  await onStage(async (stage) => {
    const { server } = stage;
    for (const name of ["stays", "goes", "changes"]) server.put(name, { version: "1" });
    const informer = stage.watch({ indexes: { version: ({ data }) => Object.values(data ?? {}) } });
    await informer.synced;
    await until("it is watching", () => informer.staleSince === undefined);
    const { port } = server;
    await server.close();
    await until("the loss is noticed", () => informer.staleSince !== undefined);
    assert.equal(informer.cache.size, 3);
    assert.equal(informer.isSynced, true);
    server.remove("goes");
    server.put("changes", { version: "2" });
    server.put("comes", { version: "2" });
    server.compact();
    await until("it has tried", () => stage.failures.some((error) => error.code === "unreachable"));
    await server.listen(port);
    await until("the cache agrees", () => agrees(stage, informer) && informer.staleSince === undefined);
    assert.deepEqual(informer.cache.by("version", "1").map(keyOf), ["default/stays"]);
    assert.deepEqual(informer.cache.by("version", "2").map(keyOf).sort(), ["default/changes", "default/comes"]);
  });
});

test("a history that is forgotten is no failure to be patient about: all is listed at once", async () => {
  await onStage(async (stage) => {
    const { server } = stage;
    const informer = stage.watch({ backoff: { firstMs: 3_000_000, maxMs: 3_000_000 } });
    await until("it is watching", () => server.openWatches === 1);
    server.put("a", { step: "1" });
    await until("the cache agrees", () => agrees(stage, informer));
    server.end();
    server.put("b", { step: "2" });
    server.compact();
    await until("the cache agrees", () => agrees(stage, informer));
    assert.ok(stage.failures.every((error) => error.code === "expired"));
  });
});

test("a watch is resumed where it was, by bookmarks too, without another list", async () => {
  await onStage(async (stage) => {
    const { server } = stage;
    const informer = stage.watch();
    await until("it is watching", () => server.openWatches === 1);
    server.put("a", { step: "1" });
    await until("the cache agrees", () => agrees(stage, informer));
    server.bookmark();
    server.compact();
    await new Promise((resolve) => setTimeout(resolve, 20));
    server.cut();
    server.put("b", { step: "2" });
    await until("the cache agrees", () => agrees(stage, informer));
    // With a limit of one only the version is asked for.
    const lists = server.seen.filter(
      ({ url: { searchParams } }) => !searchParams.has("watch") && searchParams.get("limit") !== "1",
    );
    assert.equal(lists.length, 1);
    assert.ok(server.seen.every(({ url }) => url.searchParams.get("allowWatchBookmarks") !== "false"));
  });
});

for (const meanwhile of ["is away", "keeps its watches open"]) {
  test(`a server that is put back to an older state is listed anew, when it ${meanwhile}`, async () => {
    await onStage(async (stage) => {
      const { server } = stage;
      for (const name of ["stays", "changes", "returns"]) server.put(name, { step: "1" });
      const backup = server.backup();
      const informer = stage.watch();
      await until("it is watching", () => server.openWatches === 1);
      for (const name of ["changes", "later", "last"]) server.put(name, { step: "2" });
      server.remove("returns");
      await until("the cache agrees", () => agrees(stage, informer));
      server.restore(backup);
      // The same version as before, and something else.
      server.put("changes", { step: "3" });
      if (meanwhile === "is away") server.cut();
      await until("the cache agrees", () => agrees(stage, informer));
      assert.deepEqual([...informer.cache.keys()].sort(), ["default/changes", "default/returns", "default/stays"]);
      assert.deepEqual(informer.cache.get("default/changes")?.data, { step: "3" });
      await until("it is watching again", () => informer.staleSince === undefined);
      server.put("new", {});
      await until("the cache agrees", () => agrees(stage, informer));
    });
  });
}

test("a list whose page is forgotten half way is read again in one piece", async () => {
  await onStage(async (stage) => {
    const { server } = stage;
    for (let count = 0; count < 1200; count += 1) server.put(`many-${count}`, {});
    let pages = 0;
    server.script = ({ url }) => {
      if (url.searchParams.has("continue") && (pages += 1) === 1) server.put("late", {});
      return false;
    };
    const informer = stage.watch();
    await informer.synced;
    assert.equal(informer.cache.size, 1201);
    assert.equal(pages, 1);
  });
});

test("an object that cannot be read is reported and left out, and one that was readable stays as it was", async () => {
  await onStage(async (stage) => {
    const { server, unreadable } = stage;
    server.put("good", { key: "1" });
    server.put("bad", ["no", "map"]);
    const informer = stage.watch();
    await informer.synced;
    await until("it is watching", () => server.openWatches === 1);
    assert.deepEqual(unreadable, ["default/bad"]);
    assert.deepEqual([...informer.cache.keys()], ["default/good"]);
    server.put("good", "spoilt");
    await until("it is reported", () => unreadable.length === 2);
    assert.deepEqual(informer.cache.get("default/good")?.data, { key: "1" });
    server.cut();
    server.put("other", {});
    server.compact();
    await until("it has listed again", () => unreadable.length === 4);
    assert.deepEqual(informer.cache.get("default/good")?.data, { key: "1" });
    server.remove("good");
    await until("it is gone", () => !stage.replay.objects.has("default/good"));
    assert.deepEqual([...informer.cache.keys()], ["default/other"]);
  });
});

function throwAtFatal({ added }: Changes<ConfigMap>): void {
  if (added.some(({ metadata }) => metadata.name === "fatal")) throw new Error("a bug");
}

test("what a handler throws ends the informer and comes out of it", async () => {
  await onStage(async ({ server, client, stop }) => {
    const informer = watchKind(client, ConfigMap, {}, throwAtFatal, stop.signal);
    await informer.synced;
    await until("it is watching", () => server.openWatches === 1);
    server.put("fatal", {});
    await assert.rejects(informer.done, /a bug/);
    assert.notEqual(informer.staleSince, undefined);
  });
});

test("an informer that is stopped before it is synced says so to whoever waits", async () => {
  await onStage(async (stage) => {
    const { server, stop } = stage;
    server.script = () => true;
    const informers = [stage.watch(), stage.watch()];
    const waiting = assert.rejects(allSynced(informers), /enough/);
    stop.abort(new Error("enough"));
    await waiting;
    await Promise.all(informers.map((informer) => informer.done));
  });
});

test("a server that neither sends nor ends a watch is left when the watch's time is long over", async () => {
  await onStage(async (stage) => {
    const { server } = stage;
    // A clock on which every wait is over at once, but for those of requests.
    const ports = {
      ...hastyPorts,
      clock: {
        ...hastyPorts.clock,
        setTimer: (ms: number, run: () => void) => hastyPorts.clock.setTimer(ms > 30_000 ? 50 : ms, run),
      },
    };
    const client = new Client(server.access, { ports });
    const failures: ClientError[] = [];
    const informer = watchKind(
      client,
      ConfigMap,
      { onDisconnect: (error) => failures.push(error) },
      () => {},
      stage.stop.signal,
    );
    await informer.synced;
    await until(
      "it has watched again",
      () => server.seen.filter(({ url }) => url.searchParams.has("watch")).length > 2,
    );
    assert.ok(failures.every((error) => error.code === "interrupted"));
    client.close();
  });
});

test("only what is selected is asked for, and it is trimmed before it is kept", async () => {
  await onStage(async (stage) => {
    stage.server.put("a", { keep: "1", drop: "2" });
    const informer = stage.watch({
      namespace: "default",
      labelSelector: "app=a",
      fieldSelector: "metadata.name=a",
      trim: (object) => ({ ...object, data: { keep: object.data?.["keep"] ?? "" } }),
    });
    await informer.synced;
    assert.deepEqual(informer.cache.get("default/a")?.data, { keep: "1" });
    await until("it is watching", () => stage.server.openWatches === 1);
    for (const { url } of stage.server.seen) {
      assert.equal(url.pathname, "/api/v1/namespaces/default/configmaps");
      assert.equal(url.searchParams.get("labelSelector"), "app=a");
      assert.equal(url.searchParams.get("fieldSelector"), "metadata.name=a");
    }
  });
});

test("lists are asked for again with the patience that the server asks for", async () => {
  await onStage(async (stage) => {
    let refused = 0;
    stage.server.script = (_seen, response) => {
      if ((refused += 1) > 3) return false;
      response.setHeader("retry-after", "1");
      json(response, 429, { kind: "Status", reason: "TooManyRequests", code: 429, message: "later" });
      return true;
    };
    await stage.watch().synced;
    assert.deepEqual(stage.failures, []);
  });
});
