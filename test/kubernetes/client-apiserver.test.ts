// The client against the embedded API server, over HTTPS, with a kubeconfig.
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { startApiServer, type ApiServer } from "../../src/kubernetes/apiserver/index.ts";
import { ApiError, Client, EventRecorder, lead, loadKubeconfig, watchKind } from "../../src/kubernetes/client/index.ts";
import { AddressBlock, ConfigMap, Event, Lease, keyOf, Service } from "../../src/kubernetes/resources/index.ts";
import { until } from "./client-model-server.ts";

interface Stage {
  readonly api: ApiServer;
  readonly client: Client;
  readonly signal: AbortSignal;
  /** Awaited at the end, after `signal` is aborted. */
  readonly running: Promise<void>[];
}

async function onStage(run: (stage: Stage) => Promise<void>, credential: "certificate" | "token" = "certificate") {
  const folder = await mkdtemp(join(tmpdir(), "fairlead-client-"));
  const stop = new AbortController();
  const running: Promise<void>[] = [];
  const api = await startApiServer({ database: ":memory:", host: "127.0.0.1", port: 0 });
  try {
    await writeFile(join(folder, "config"), api.kubeconfig("tester", credential));
    const client = new Client(await loadKubeconfig({ path: join(folder, "config"), env: {} }));
    try {
      await run({ api, client, signal: stop.signal, running });
    } finally {
      stop.abort(new Error("the test is over"));
      await Promise.allSettled(running);
      client.close();
    }
  } finally {
    await api.close();
    await rm(folder, { recursive: true });
  }
}

const web = {
  metadata: { namespace: "default", name: "web" },
  spec: { type: "LoadBalancer", ports: [{ port: 80 }], selector: { app: "web" } },
} as const;
const map = (name: string, data: Record<string, string>) => ({ metadata: { namespace: "default", name }, data });

for (const credential of ["certificate", "token"] as const) {
  test(`objects are created, read, changed and deleted with a ${credential}`, async () => {
    await onStage(async ({ client }) => {
      const created = await client.create(ConfigMap, map("a", { key: "1" }));
      await assert.rejects(client.create(ConfigMap, map("a", {})), { code: "already-exists" });
      const at = { namespace: "default", name: "a" };
      assert.deepEqual(await client.get(ConfigMap, at), created);
      const updated = await client.update(ConfigMap, { ...created, data: { key: "2" } });
      await assert.rejects(client.update(ConfigMap, { ...created, data: { key: "3" } }), { code: "conflict" });
      assert.equal(updated.data?.["key"], "2");
      const merged = await client.patch(ConfigMap, at, { type: "merge", body: { data: { other: "x", key: null } } });
      assert.deepEqual(merged.data, { other: "x" });
      const step = { op: "replace", path: "/data/other", value: "y" } as const;
      const patched = await client.patch(ConfigMap, at, { type: "json", body: [step] });
      assert.deepEqual(patched.data, { other: "y" });
      await assert.rejects(client.delete(ConfigMap, at, { preconditions: { uid: "another" } }), { code: "conflict" });
      await client.delete(ConfigMap, at, { preconditions: { uid: created.metadata.uid ?? "" } });
      assert.equal(await client.find(ConfigMap, at), undefined);
      await assert.rejects(client.delete(ConfigMap, at), { code: "not-found" });
    }, credential);
  });
}

test("a compare-and-swap on an AddressBlock succeeds for one of two", async () => {
  await onStage(async ({ client }) => {
    const block = await client.create(AddressBlock, { metadata: { name: "b" }, spec: { first: "172.19.100.0" } });
    const write = (uid: string) =>
      client.update(AddressBlock, {
        ...block,
        spec: {
          ...block.spec,
          owned: [`172.19.100.1 default/web ${uid} autoAssign 1`],
        },
      });
    const outcome = (written: Promise<AddressBlock>) =>
      written.then(
        () => "written",
        (error) => (error instanceof ApiError ? error.code : String(error)),
      );
    assert.deepEqual((await Promise.all([outcome(write("one")), outcome(write("two"))])).sort(), [
      "conflict",
      "written",
    ]);
  });
});

test("what is applied and not said again is given up, and what another owns is a conflict", async () => {
  await onStage(async ({ client }) => {
    await client.apply(ConfigMap, map("a", { ours: "1", more: "2" }));
    const second = await client.apply(ConfigMap, map("a", { ours: "1" }));
    assert.deepEqual(second.data, { ours: "1" });
    const other = { fieldManager: "someone" };
    await assert.rejects(client.apply(ConfigMap, map("a", { ours: "x" }), other), { code: "conflict" });
    const forced = await client.apply(ConfigMap, map("a", { ours: "x" }), { ...other, force: true });
    assert.deepEqual(forced.data, { ours: "x" });
  });
});

test("long lists come in pages and are whole", async () => {
  await onStage(async ({ client }) => {
    for (let count = 0; count < 25; count += 1) await client.create(ConfigMap, map(`many-${count}`, {}));
    const { items, resourceVersion } = await client.list(ConfigMap, { namespace: "default", pageSize: 10 });
    assert.equal(items.filter(({ metadata }) => metadata.name.startsWith("many-")).length, 25);
    assert.ok(Number(resourceVersion) > 0);
  });
});

function told(objects: Iterable<ConfigMap>): string {
  const lines = Array.from(objects, (object) => `${keyOf(object)} ${object.metadata.resourceVersion}`);
  return lines.sort().join("\n");
}

test("an informer follows through a compaction, with the cache as the server's list", async () => {
  await onStage(async ({ api, client, signal, running }) => {
    const informer = watchKind(client, ConfigMap, { namespace: "default" }, () => {}, signal);
    running.push(informer.done);
    await informer.synced;
    for (let count = 0; count < 20; count += 1) {
      const wanted = map(`map-${count % 7}`, { count: String(count) });
      const there = await client.find(ConfigMap, wanted.metadata);
      if (there === undefined) await client.create(ConfigMap, wanted);
      else await client.update(ConfigMap, { ...there, data: wanted.data });
      if (count % 5 === 4) api.compact();
      if (count % 6 === 5) await client.delete(ConfigMap, { namespace: "default", name: `map-${count % 7}` });
    }
    const { items } = await client.list(ConfigMap, { namespace: "default" });
    await until("the cache agrees", () => told(informer.cache.values()) === told(items));
    await assert.rejects(
      async () => {
        for await (const _ of client.watch(ConfigMap, { resourceVersion: "1", signal })) break;
      },
      { code: "expired" },
    );
  });
});

test("like events are one with a count, and one object cannot flood the server", async () => {
  await onStage(async ({ client, signal, running }) => {
    const service = await client.create(Service, web);
    const recorder = new EventRecorder(client, {
      component: "fairlead-controller",
      instance: "test",
      burst: 10,
      onFailure: (error) => assert.fail(String(error)),
    });
    running.push(recorder.run(signal));
    const assigned = { type: "Normal", reason: "AddressAssigned", message: "172.19.100.1 from pool default" } as const;
    recorder.record(service, assigned);
    await recorder.idle();
    for (let count = 0; count < 4; count += 1) recorder.record(service, assigned);
    recorder.record(service, { type: "Warning", reason: "NoPool", message: "no pool has an address left" });
    await recorder.idle();
    const events = async () =>
      (await client.list(Event, { namespace: "default" })).items
        .map(({ reason, count, involvedObject }) => `${reason} ${count} ${involvedObject.name}`)
        .sort();
    assert.deepEqual(await events(), ["AddressAssigned 5 web", "NoPool 1 web"]);
    for (let count = 0; count < 100; count += 1) recorder.record(service, { ...assigned, message: `flap ${count}` });
    await recorder.idle();
    assert.equal((await events()).length, 2 + 4);
    // An event that the server has forgotten is made anew.
    for (const { metadata } of (await client.list(Event)).items) await client.delete(Event, metadata);
    const unlimited = new EventRecorder(client, {
      component: "c",
      instance: "i",
      onFailure: (error) => assert.fail(String(error)),
    });
    running.push(unlimited.run(signal));
    unlimited.record(service, assigned);
    await unlimited.idle();
    for (const { metadata } of (await client.list(Event)).items) await client.delete(Event, metadata);
    unlimited.record(service, assigned);
    await unlimited.idle();
    assert.deepEqual(await events(), ["AddressAssigned 2 web"]);
  });
});

test("of the events of many objects so many are written in a second, and at last all", async () => {
  await onStage(async ({ client, signal, running }) => {
    const recorder = new EventRecorder(client, {
      component: "fairlead-controller",
      instance: "test",
      perSecond: 20,
      onFailure: (error) => assert.fail(String(error)),
    });
    running.push(recorder.run(signal));
    const began = performance.now();
    for (let number = 0; number < 35; number += 1) {
      const about = { apiVersion: "v1", kind: "Service", metadata: { namespace: "default", name: `s${number}` } };
      recorder.record(about, { type: "Normal", reason: "IPAllocated", message: "assigned" });
    }
    await recorder.idle();
    // Twenty at once, and the others a second later.
    assert.ok(performance.now() - began >= 1_000);
    assert.equal((await client.list(Event, { namespace: "default" })).items.length, 35);
  });
});

test("of two candidates one leads, and the other when it has stopped", async () => {
  await onStage(async ({ client, signal, running }) => {
    const leading: string[] = [];
    const join = (identity: string, signal: AbortSignal) =>
      lead(
        client,
        { namespace: "kube-system", name: "fairlead", identity, retryMs: 50, renewDeadlineMs: 10_000 },
        (term) => {
          leading.push(identity);
          return new Promise((resolve) => term.addEventListener("abort", () => resolve(), { once: true }));
        },
        signal,
      );
    const stopFirst = new AbortController();
    const first = join("first", stopFirst.signal);
    await until("the first leads", () => leading.length === 1);
    running.push(join("second", signal));
    await new Promise((resolve) => setTimeout(resolve, 200));
    assert.deepEqual(leading, ["first"]);
    stopFirst.abort(new Error("stopped"));
    await first;
    await until("the second leads", () => leading.length === 2);
    const lease = await client.get(Lease, { namespace: "kube-system", name: "fairlead" });
    assert.equal(lease.spec?.holderIdentity, "second");
  });
});
