import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { formatAddress } from "../../net/index.ts";
import { ApiError } from "../../kubernetes/client/index.ts";
import { keyOf, type AddressBlock, type Service } from "../../kubernetes/resources/index.ts";
import { ownershipsIn } from "../../plan/index.ts";
import { configurationOf, pool } from "../../plan/testing.ts";
import type { AddressApi } from "./address-api.ts";
import { Allocator } from "./allocator.ts";
import { nothingReserved, type Reserved } from "./own-reservation.ts";
import { Windows } from "./window.ts";

const configuration = configurationOf({ pools: [pool("p", "192.0.2.1-192.0.2.3")] });

/** What is heard of a write, and the version that it made. */
interface Delivery {
  readonly version: bigint;
  readonly service?: Service;
  readonly gone?: string;
  readonly block?: AddressBlock;
}

/** So few versions that what is reserved is soon for nobody any more. */
const windows = { leastVersions: 6n, lastsSeconds: 0, renewedSeconds: 3_600 };

/** An API server in memory: versions, conflicts, and watchers that hear of each write some time later, in order. */
class Api {
  readonly services = new Map<string, Service>();
  readonly blocks = new Map<string, AddressBlock>();
  readonly watchers = new Set<(delivery: Delivery) => void>();
  #version = 0;
  #uid = 0;

  get version(): bigint {
    return BigInt(this.#version);
  }

  next(): string {
    return String(++this.#version);
  }

  /** Something is written that is no business of ours. */
  writeElsewhere(): void {
    this.next();
    this.#tell({});
  }

  #tell(what: Omit<Delivery, "version">): void {
    for (const watcher of this.watchers) watcher({ ...what, version: this.version });
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
    this.#tell({ service: stored });
  }

  delete(key: string): void {
    if (!this.services.delete(key)) return;
    this.next();
    this.#tell({ gone: key });
  }

  putBlock(block: AddressBlock): AddressBlock {
    const known = this.blocks.get(block.metadata.name)?.metadata.resourceVersion;
    if (known !== block.metadata.resourceVersion) throw conflict();
    const stored = { ...block, metadata: { ...block.metadata, resourceVersion: this.next() } };
    this.blocks.set(block.metadata.name, stored);
    this.#tell({ block: stored });
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
  /** What it shares with those that led before it in the same process. */
  readonly #reserved: Reserved;
  #isDead = false;
  #isDeposed = false;
  #version: bigint;

  constructor(api: Api, scheduler: fc.Scheduler, failures: unknown[], reserved: Reserved) {
    this.#reserved = reserved;
    const later = <T>(label: string, act: () => T): Promise<T> =>
      scheduler.schedule(Promise.resolve(), label).then(() => (this.#isDead || this.#isDeposed ? never : act()));
    const ask = <T>(label: string, act: () => T): Promise<T> =>
      scheduler.schedule(Promise.resolve(), label).then(() => {
        if (this.#isDead) return never;
        const answer = act();
        return this.#isDeposed ? never : answer;
      });
    const port: AddressApi = {
      readService: (key) => ask("read service", () => api.services.get(key)),
      readBlock: (name) => ask("read block", () => api.blocks.get(name)),
      writeBlock: (block) =>
        ask("write block", () => api.putBlock(block)).then((block) => later("block written", () => block)),
      writeIngress: (service, addresses) =>
        ask("write status", () => {
          const known = api.services.get(keyOf(service));
          if (known?.metadata.resourceVersion !== service.metadata.resourceVersion) throw conflict();
          api.putService({
            ...service,
            status: { loadBalancer: { ingress: addresses.map((each) => ({ ip: formatAddress(each) })) } },
          });
        }),
      renew: (service) =>
        ask("renew", () => {
          const known = api.services.get(keyOf(service));
          if (known === undefined || known.metadata.resourceVersion !== service.metadata.resourceVersion)
            throw conflict();
          api.putService(known);
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
    const handlers = {
      onDecided: () => undefined,
      onWritten: () => undefined,
      onFailure: (_: string, error: unknown) => failures.push(error),
    };
    const version = () => this.#version;
    this.#version = api.version;
    const options = { version, spare: 0n, windows: new Windows(windows), reserved };
    this.allocator = new Allocator(port, queue, handlers, options);
    this.allocator.setConfiguration(configuration);
    for (const service of api.services.values()) this.allocator.setService(service);
    this.allocator.observeBlocks(api.blocks.values());
    const begun: Promise<unknown> = later("all is known", () => this.allocator.start());
    const before = { services: begun, blocks: begun };
    this.#api = api;
    this.#watcher = (delivery) => {
      const kind = delivery.block === undefined ? "services" : "blocks";
      // In order, for a watch never reorders; late, for it lags; and each kind is watched by itself.
      before[kind] = before[kind]
        .then(() => later(`hear of ${kind}`, () => this.#hear(delivery)))
        .catch((error: unknown) => failures.push(error));
    };
    api.watchers.add(this.#watcher);
  }

  /** Whatever it was doing. */
  die(): void {
    this.#isDead = true;
    this.#api.watchers.delete(this.#watcher);
  }

  /** Ends, but for what it has asked of the API server. What leads after it in its process knows what it reserved. */
  depose(): Reserved {
    this.#isDeposed = true;
    this.#api.watchers.delete(this.#watcher);
    return this.#reserved;
  }

  #hear({ version, service, gone, block }: Delivery): void {
    if (block === undefined) this.#version = version;
    if (service !== undefined) this.allocator.setService(service);
    if (gone !== undefined) this.allocator.deleteService(gone);
    if (block !== undefined) this.allocator.observeBlocks([block]);
    this.allocator.settle();
  }
}

const anyDeed = fc.record({
  do: fc.constantFrom("create", "create", "create", "delete", "toggle", "retry", "die", "depose", "write elsewhere"),
  name: fc.constantFrom("a", "b", "c", "d"),
});

function perform(
  api: Api,
  deed: { do: string; name: string },
  controllers: Controller[],
  start: (reserved?: Reserved) => Controller,
): void {
  const key = `d/${deed.name}`;
  const service = api.services.get(key);
  if (deed.do === "create" && service === undefined) api.create(deed.name);
  if (deed.do === "delete") api.delete(key);
  if (deed.do === "write elsewhere") api.writeElsewhere();
  if (deed.do === "die") {
    controllers.shift()?.die();
    controllers.push(start());
  }
  if (deed.do === "depose") controllers.push(start(controllers.shift()?.depose()));
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
  const start = (reserved = nothingReserved()) => new Controller(api, scheduler, failures, reserved);
  const controllers = Array.from({ length: count }, () => start());
  for (const deed of deeds) {
    void scheduler
      .schedule(Promise.resolve(), "deed")
      .then(() => perform(api, deed, controllers, start))
      .catch((error: unknown) => failures.push(error));
  }
  await untilQuiet(scheduler);
  for (let round = 0; round < 10; round++) {
    // What dead controllers had reserved is free when so much was written.
    api.writeElsewhere();
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
