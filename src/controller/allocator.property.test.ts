import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { formatAddress } from "../net/index.ts";
import { ApiError } from "../kubernetes/client/index.ts";
import { IPAddressPool, keyOf, parseObject, type AddressBlock, type Service } from "../kubernetes/resources/index.ts";
import { ownershipsIn, readConfiguration, type Configuration } from "../plan/index.ts";
import type { AddressApi } from "./address-api.ts";
import { Allocator } from "./allocator.ts";

const configuration = configurationOf("192.0.2.1-192.0.2.3");

function configurationOf(addresses: string): Configuration {
  const pool = parseObject(IPAddressPool, {
    metadata: { name: "p", namespace: "s" },
    spec: { addresses: [addresses] },
  });
  assert.ok(pool.ok);
  const read = readConfiguration({
    pools: [pool.object],
    peers: [],
    advertisements: [],
    bfdProfiles: [],
    communities: [],
    secrets: new Map(),
    configMap: undefined,
    nodes: [],
  });
  assert.ok(read.ok);
  return read.configuration;
}

type Delivery = { readonly service?: Service; readonly gone?: string; readonly block?: AddressBlock };

/** An API server in memory: versions, conflicts, and watchers that hear of each write some time later, in order. */
class Api {
  readonly services = new Map<string, Service>();
  readonly blocks = new Map<string, AddressBlock>();
  readonly watchers = new Set<(delivery: Delivery) => void>();
  #version = 0;
  #uid = 0;

  next(): string {
    return String(++this.#version);
  }

  create(name: string): void {
    this.putService({
      apiVersion: "v1",
      kind: "Service",
      metadata: { name, namespace: "d", uid: `uid-${++this.#uid}`, creationTimestamp: "2026-01-01T00:00:00Z" },
      spec: { type: "LoadBalancer", sessionAffinity: "None", ipFamilies: ["IPv4"], ports: [] },
    });
  }

  putService(service: Service): void {
    const stored = { ...service, metadata: { ...service.metadata, resourceVersion: this.next() } };
    this.services.set(keyOf(stored), stored);
    this.#assertUnique();
    for (const watcher of this.watchers) watcher({ service: stored });
  }

  delete(key: string): void {
    if (this.services.delete(key)) for (const watcher of this.watchers) watcher({ gone: key });
  }

  putBlock(block: AddressBlock): AddressBlock {
    const known = this.blocks.get(block.metadata.name)?.metadata.resourceVersion;
    if (known !== block.metadata.resourceVersion) throw conflict();
    const stored = { ...block, metadata: { ...block.metadata, resourceVersion: this.next() } };
    this.blocks.set(block.metadata.name, stored);
    for (const watcher of this.watchers) watcher({ block: stored });
    return stored;
  }

  /** The invariant: never one address in the status of two Services. */
  #assertUnique(): void {
    const given = [...this.services.values()].flatMap((each) => ingress(each));
    assert.equal(new Set(given).size, given.length, `given twice: ${given.join(" ")}`);
  }
}

function ingress(service: Service): string[] {
  return (service.status?.loadBalancer?.ingress ?? []).flatMap((each) => each.ip ?? []);
}

function conflict(): ApiError {
  return new ApiError({ verb: "write", kind: "x" }, 409, { reason: "Conflict" });
}

/** Nothing comes of what a dead controller was about to do. */
const never = new Promise<never>(() => undefined);

/** One controller with caches of its own; everything that it does or hears happens when the scheduler says. */
class Controller {
  readonly allocator: Allocator;
  readonly #queued = new Set<string>();
  readonly #api: Api;
  readonly #watcher: (delivery: Delivery) => void;
  #isDead = false;

  constructor(api: Api, scheduler: fc.Scheduler, failures: unknown[]) {
    const later = <T>(label: string, act: () => T): Promise<T> =>
      scheduler.schedule(Promise.resolve(), label).then(() => (this.#isDead ? never : act()));
    const port: AddressApi = {
      readService: (key) => later("read service", () => api.services.get(key)),
      readBlock: (name) => later("read block", () => api.blocks.get(name)),
      writeBlock: (block) =>
        later("write block", () => api.putBlock(block)).then((block) => later("block written", () => block)),
      writeIngress: (service, addresses) =>
        later("write status", () => {
          const known = api.services.get(keyOf(service));
          if (known?.metadata.resourceVersion !== service.metadata.resourceVersion) throw conflict();
          api.putService({
            ...service,
            status: { loadBalancer: { ingress: addresses.map((each) => ({ ip: formatAddress(each) })) } },
          });
        }),
    };
    const queue = {
      add: (key: string) => {
        if (this.#queued.has(key)) return;
        this.#queued.add(key);
        void later("take from queue", () => this.#queued.delete(key))
          .then(() => this.allocator.writeStatus(key))
          .catch((error: unknown) => failures.push(error));
      },
    };
    this.allocator = new Allocator(port, queue, {
      onDecided: () => undefined,
      onWritten: () => undefined,
      onFailure: (_, error) => failures.push(error),
    });
    this.allocator.setConfiguration(configuration);
    for (const service of api.services.values()) this.allocator.setService(service);
    this.allocator.observeBlocks(api.blocks.values());
    let before: Promise<unknown> = later("all is known", () => this.allocator.start());
    this.#api = api;
    this.#watcher = (delivery) => {
      // In order, for a watch never reorders; late, for it lags.
      before = before
        .then(() => later("hear", () => this.#hear(delivery)))
        .catch((error: unknown) => failures.push(error));
    };
    api.watchers.add(this.#watcher);
  }

  /** Whatever it was doing. */
  die(): void {
    this.#isDead = true;
    this.#api.watchers.delete(this.#watcher);
  }

  #hear({ service, gone, block }: Delivery): void {
    if (service !== undefined) this.allocator.setService(service);
    if (gone !== undefined) this.allocator.deleteService(gone);
    if (block !== undefined) this.allocator.observeBlocks([block]);
    this.allocator.settle();
  }
}

const anyDeed = fc.record({
  do: fc.constantFrom("create", "create", "create", "delete", "toggle", "retry", "die"),
  name: fc.constantFrom("a", "b", "c", "d"),
});

function perform(
  api: Api,
  deed: { do: string; name: string },
  controllers: Controller[],
  start: () => Controller,
): void {
  const key = `d/${deed.name}`;
  const service = api.services.get(key);
  if (deed.do === "create" && service === undefined) api.create(deed.name);
  if (deed.do === "delete") api.delete(key);
  if (deed.do === "die") {
    controllers.shift()?.die();
    controllers.push(start());
  }
  if (deed.do === "retry") for (const { allocator } of controllers) allocator.retry();
  if (deed.do === "toggle" && service !== undefined) {
    const type = service.spec.type === "LoadBalancer" ? "ClusterIP" : "LoadBalancer";
    api.putService({ ...service, spec: { ...service.spec, type } });
  }
}

/** Plays deeds against controllers, in the order that the scheduler chooses, and returns when all is quiet. */
async function play(
  scheduler: fc.Scheduler,
  deeds: readonly { do: string; name: string }[],
  count: number,
): Promise<Api> {
  const api = new Api();
  const failures: unknown[] = [];
  const start = () => new Controller(api, scheduler, failures);
  const controllers = Array.from({ length: count }, start);
  for (const deed of deeds) {
    void scheduler
      .schedule(Promise.resolve(), "deed")
      .then(() => perform(api, deed, controllers, start))
      .catch((error: unknown) => failures.push(error));
  }
  await untilQuiet(scheduler);
  for (let round = 0; round < 4; round++) {
    for (const { allocator } of controllers) allocator.retry();
    await untilQuiet(scheduler);
  }
  assert.deepEqual(failures, []);
  return api;
}

/** Lets everything happen that is to happen; a dispute that does not end is a failure. */
async function untilQuiet(scheduler: fc.Scheduler): Promise<void> {
  for (let turns = 0; turns < 3_000; turns++) {
    await new Promise((resolve) => void setImmediate(resolve));
    if (scheduler.count() === 0) return;
    await scheduler.waitNext(1);
  }
  assert.fail("the controllers never come to rest");
}

function assertSettled(api: Api): void {
  const wanting = [...api.services.values()].filter((each) => each.spec.type === "LoadBalancer");
  const served = wanting.filter((each) => ingress(each).length === 1);
  assert.equal(served.length, Math.min(3, wanting.length), "as many are served as there are addresses");
  const owned = [...api.blocks.values()].flatMap((block) =>
    ownershipsIn(block).map(({ address, uid }) => `${formatAddress(address)} ${uid}`),
  );
  const shown = served.map((each) => `${ingress(each)[0]} ${each.metadata.uid}`);
  assert.deepEqual(owned.sort(), shown.sort(), "what is owned is what is shown");
}

for (const count of [1, 2]) {
  const who = count === 1 ? "one controller" : "two controllers that both believe that they lead";
  test(`${who}, killed and started anew: no address is ever given twice, and in the end all who can be are served`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.array(anyDeed, { maxLength: 14 }), async (scheduler, deeds) => {
        assertSettled(await play(scheduler, deeds, count));
      }),
      { numRuns: 300 },
    );
  });
}
