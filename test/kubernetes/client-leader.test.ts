import assert from "node:assert/strict";
import type { ServerResponse } from "node:http";
import { test } from "node:test";
import { Client, lead, type LeaderElectionOptions, type Ports } from "../../src/kubernetes/client/index.ts";
import { hastyPorts, json, ModelServer, status, until, type Seen } from "./client-model-server.ts";

interface LeaseBody {
  metadata: { namespace?: string; name?: string; resourceVersion?: string };
  spec: Record<string, unknown>;
}

/** One Lease, written by compare-and-swap as an API server does it. */
class LeaseServer {
  readonly model = new ModelServer();
  lease: LeaseBody | undefined;
  /** Nobody is answered. */
  away = false;
  /** What is asked is done, but not answered. */
  mute = false;
  #version = 0;

  constructor() {
    this.model.script = (seen, response) => {
      if (this.away) response.destroy();
      else this.#answer(seen, response);
      return true;
    };
  }

  get holder(): unknown {
    return this.lease?.spec["holderIdentity"];
  }

  #answer({ method, body }: Seen, response: ServerResponse): void {
    const written = method === "GET" ? undefined : (JSON.parse(body) as LeaseBody);
    if (written === undefined) {
      if (this.lease === undefined) status(response, 404, "NotFound", "no such lease");
      else json(response, 200, this.lease);
    } else if (method === "POST" && this.lease !== undefined) {
      status(response, 409, "AlreadyExists", "there is one");
    } else if (method === "PUT" && written.metadata.resourceVersion !== this.lease?.metadata.resourceVersion) {
      status(response, 409, "Conflict", "the object has been modified");
    } else {
      const resourceVersion = String((this.#version += 1));
      this.lease = { ...written, metadata: { ...written.metadata, resourceVersion } };
      if (!this.mute) json(response, 200, this.lease);
    }
  }
}

/** Ten times as fast, so that the defaults' seconds pass in a test. */
const tenfold: Ports = {
  ...hastyPorts,
  clock: {
    now: () => performance.now() * 10,
    setTimer: (ms, run) => {
      const timer = setTimeout(run, ms / 10);
      return { cancel: () => clearTimeout(timer) };
    },
  },
};

interface Candidate {
  readonly stop: AbortController;
  readonly done: Promise<void>;
  leading: boolean;
  terms: number;
}

async function withElection(
  run: (server: LeaseServer, join: (identity: string, options?: Partial<Joining>) => Candidate) => Promise<void>,
): Promise<void> {
  const server = new LeaseServer();
  await server.model.listen();
  const candidates: Candidate[] = [];
  const clients: Client[] = [];
  try {
    await run(server, (identity, { ports = {}, terms = {}, work } = {}) => {
      const client = new Client(server.model.access, { ports: { ...tenfold, ...ports } });
      clients.push(client);
      const options: LeaderElectionOptions = { namespace: "default", name: "test", identity, ...terms };
      const stop = new AbortController();
      const candidate: Candidate = {
        stop,
        leading: false,
        terms: 0,
        done: lead(
          client,
          options,
          async (signal) => {
            candidate.terms += 1;
            candidate.leading = true;
            try {
              await (work ?? aborted)(signal);
            } finally {
              candidate.leading = false;
            }
          },
          stop.signal,
        ),
      };
      candidates.push(candidate);
      return candidate;
    });
  } finally {
    for (const { stop } of candidates) stop.abort(new Error("the test is over"));
    await Promise.allSettled(candidates.map(({ done }) => done));
    for (const client of clients) client.close();
    await server.model.close();
  }
}

interface Joining {
  readonly ports: Partial<Ports>;
  readonly terms: Pick<LeaderElectionOptions, "renewDeadlineMs" | "retryMs">;
  readonly work: (signal: AbortSignal) => Promise<void>;
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

test("one leads, and when it stops in good order the next one leads at once", async () => {
  await withElection(async (server, join) => {
    const first = join("first");
    await until("the first leads", () => first.leading);
    const second = join("second");
    await new Promise((resolve) => setTimeout(resolve, 300));
    assert.deepEqual([first.leading, second.leading], [true, false]);
    first.stop.abort();
    await first.done;
    assert.equal(first.leading, false);
    assert.equal(server.holder, "");
    await until("the second leads", () => second.leading);
    assert.equal(server.holder, "second");
    assert.equal(server.lease?.spec["leaseTransitions"], 1);
  });
});

test("the lease is held until work that takes its time to stop has stopped", async () => {
  await withElection(async (server, join) => {
    const ending = Promise.withResolvers<void>();
    const first = join("first", { work: () => ending.promise });
    await until("the first leads", () => first.leading);
    const second = join("second");
    first.stop.abort();
    await new Promise((resolve) => setTimeout(resolve, 2000));
    assert.equal(server.holder, "first");
    assert.equal(second.leading, false);
    ending.resolve();
    await until("the second leads", () => second.leading);
  });
});

test("the lease is given back also when a renewal was done and its answer not waited for", async () => {
  await withElection(async (server, join) => {
    const first = join("first");
    await until("the first leads", () => first.leading);
    const { lease } = server;
    server.mute = true;
    await until("it has renewed", () => server.lease !== lease);
    server.mute = false;
    first.stop.abort();
    await first.done;
    assert.equal(server.holder, "");
  });
});

test("a leader that cannot renew stops before another may lead, whatever the others' wall clocks say", async () => {
  await withElection(async (server, join) => {
    const first = join("first");
    await until("the first leads", () => first.leading);
    const future = join("future", { ports: { wallTime: () => new Date("2199-01-01T00:00:00Z") } });
    const past = join("past", { ports: { wallTime: () => new Date("1970-01-01T00:00:00Z") } });
    await new Promise((resolve) => setTimeout(resolve, 2500));
    assert.deepEqual([first.leading, future.leading, past.leading], [true, false, false]);
    server.away = true;
    await until("the first has stopped", () => !first.leading);
    server.away = false;
    await until("somebody leads", () => [first, future, past].some(({ leading }) => leading));
    assert.equal([first, future, past].filter(({ leading }) => leading).length, 1);
  });
});

test("who waits for a dead leader asks again as soon as its lease has expired, however seldom it asks otherwise", async () => {
  await withElection(async (server, join) => {
    server.lease = {
      metadata: { namespace: "default", name: "test", resourceVersion: "dead" },
      spec: { holderIdentity: "dead", leaseDurationSeconds: 15 },
    };
    const waits: number[] = [];
    const clock: Ports["clock"] = {
      now: () => tenfold.clock.now(),
      setTimer: (ms, run) => {
        // Longer ones are the limits of requests.
        if (ms <= 15_000) waits.push(ms);
        return tenfold.clock.setTimer(ms, run);
      },
    };
    const terms = { renewDeadlineMs: 14_500, retryMs: 14_000 };
    const next = join("next", { terms, ports: { clock, random: () => 0 } });
    await until("it leads", () => next.leading);
    const [first, second, last = Infinity] = waits;
    assert.deepEqual([first, second], [7_000, 7_000]);
    assert.ok(last <= 1_001, `it waited for another ${last} ms`);
  });
});

test("a leader whose lease was taken from it stops", async () => {
  await withElection(async (server, join) => {
    const first = join("first");
    await until("the first leads", () => first.leading);
    server.lease = {
      metadata: { ...server.lease?.metadata, resourceVersion: "taken" },
      spec: { holderIdentity: "thief", leaseDurationSeconds: 15, renewTime: null },
    };
    await until("the first has stopped", () => !first.leading);
    assert.equal(server.holder, "thief");
    await until("the thief's lease has expired", () => first.terms === 2);
    assert.equal(server.holder, "first");
  });
});

test("what the work throws comes out, and the lease is given back", async () => {
  await withElection(async (server, join) => {
    const first = join("first", { work: () => Promise.reject(new Error("a bug")) });
    await assert.rejects(first.done, /a bug/);
    assert.equal(server.holder, "");
  });
});
