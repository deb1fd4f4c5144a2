import { randomBytes } from "node:crypto";
import { Event, type KubernetesObject } from "../resources/index.ts";
import type { Client } from "./client.ts";
import { ApiError, isApiError, type ApiErrorCode } from "./errors.ts";
import { Pace } from "./pace.ts";
import { sleep, type Ports } from "./ports.ts";
import { WorkQueue } from "./work-queue.ts";
import { creating, patching } from "./write.ts";

export interface EventRecorderOptions {
  /** The program that reports: `fairlead-controller`. */
  readonly component: string;
  /** Which one of it: the pod's or node's name. */
  readonly instance: string;
  readonly onFailure: (error: unknown) => void;
  /** The events that one object may have in a burst; 25, as client-go has it, where nothing is said. */
  readonly burst?: number;
  /**
   * How many events of all objects are written in a second, all at its beginning; without limit by default. One by one,
   * each waking the process for itself, they cost us several times as much.
   */
  readonly perSecond?: number;
}

export interface Happening {
  readonly type: "Normal" | "Warning";
  /** In CamelCase, for machines. */
  readonly reason: string;
  readonly message: string;
}

/** One series of like events: same object, type, reason and message. */
interface Series {
  readonly object: KubernetesObject;
  readonly happening: Happening;
  readonly firstAt: Date;
  lastAt: Date;
  count: number;
  /** How many of them the API server knows of. */
  written: number;
  /** The Event object, once there is one. */
  name: string | undefined;
}

/** After a burst an object may have one more event each time; as client-go has it. */
const everyMs = 300_000;

/**
 * What is told of comes first: who waits for it is not held up by an event, which costs as much as a change. Events are
 * written when none has come for half a second; where they go on and on, after ten.
 */
const calm = { quietMs: 500, mostMs: 10_000 };

/** How many are written at a time. */
const concurrency = 4;

/** What an API server answers that may answer otherwise in a moment. */
const passing: ReadonlySet<ApiErrorCode> = new Set(["unavailable", "too-many-requests", "unauthorized"]);

/** So many series and objects are remembered; beyond that the longest unused is forgotten, and begins anew, once it is written. */
const remembered = 4096;

/**
 * Writes what happens to objects as core v1 Events. Never makes its caller wait, and never fails him: what the
 * API server refuses is told to `onFailure` and dropped, what does not reach it is tried again. Like events are one Event with a count.
 */
export class EventRecorder {
  readonly #client: Client;
  readonly #ports: Ports;
  readonly #options: EventRecorderOptions;
  readonly #series = new Map<string, Series>();
  /** By object, so that one that flaps does not flood the API server. */
  readonly #paces = new Map<string, Pace>();
  readonly #queue: WorkQueue;
  #lastAt = Number.NEGATIVE_INFINITY;
  /** Since when events have come one after the other, without a calm. */
  #busySince: number | undefined;
  #second = { began: Number.NEGATIVE_INFINITY, written: 0 };

  constructor(client: Client, options: EventRecorderOptions) {
    this.#client = client;
    this.#ports = client.ports;
    this.#options = options;
    this.#queue = new WorkQueue((key, signal) => this.#write(key, signal), {
      concurrency,
      ports: client.ports,
      onFailure: (_key, error) => options.onFailure(error),
    });
  }

  record(object: KubernetesObject, happening: Happening): void {
    const about = object.metadata.uid ?? `${object.kind}/${object.metadata.namespace}/${object.metadata.name}`;
    if (!this.#isAllowed(about)) return;
    const key = [about, happening.type, happening.reason, happening.message].join("\n");
    const now = this.#ports.wallTime();
    const known = this.#series.get(key);
    const series = known ?? { object, happening, firstAt: now, lastAt: now, count: 0, written: 0, name: undefined };
    series.count += 1;
    series.lastAt = now;
    remember(this.#series, key, series, ({ written, count }) => written === count);
    this.#lastAt = this.#ports.clock.now();
    this.#busySince ??= this.#lastAt;
    this.#queue.add(key);
  }

  /** Writes until the signal is aborted. */
  run(signal: AbortSignal): Promise<void> {
    return this.#queue.run(signal);
  }

  /** When all that was recorded is written. */
  idle(): Promise<void> {
    return this.#queue.idle();
  }

  #isAllowed(about: string): boolean {
    const now = this.#ports.clock.now();
    const pace = this.#paces.get(about) ?? new Pace({ burst: this.#options.burst ?? 25, everyMs });
    remember(this.#paces, about, pace);
    if (pace.restMs(now) > 0) return false;
    pace.count(now);
    return true;
  }

  async #write(key: string, signal: AbortSignal): Promise<void> {
    const series = this.#series.get(key);
    if (series === undefined || series.written === series.count) return;
    await this.#calm(signal);
    await this.#turn(signal);
    const { count } = series;
    try {
      if (series.name === undefined || !(await this.#update(series, signal))) await this.#create(series, signal);
    } catch (error) {
      if (!(error instanceof ApiError) || passing.has(error.code)) throw error;
      // Refused for good, as in a namespace that is being deleted.
      this.#options.onFailure(error);
    }
    series.written = count;
  }

  /** Waits until events may be written at all. */
  async #calm(signal: AbortSignal): Promise<void> {
    const { clock } = this.#ports;
    for (;;) {
      const now = clock.now();
      const quietInMs = this.#lastAt + calm.quietMs - now;
      if (quietInMs <= 0) this.#busySince = undefined;
      const restMs = Math.min(quietInMs, (this.#busySince ?? now) + calm.mostMs - now);
      if (restMs <= 0) return;
      await sleep(clock, restMs, signal);
    }
  }

  /** Waits until one more may be written. */
  async #turn(signal: AbortSignal): Promise<void> {
    const { perSecond } = this.#options;
    if (perSecond === undefined) return;
    const { clock } = this.#ports;
    for (;;) {
      const restMs = this.#second.began + 1_000 - clock.now();
      if (restMs <= 0) this.#second = { began: clock.now(), written: 0 };
      if (this.#second.written < perSecond) break;
      await sleep(clock, restMs, signal);
    }
    this.#second.written += 1;
  }

  /** False where the Event is no more: the API server forgets them after an hour. */
  async #update(series: Series, signal: AbortSignal): Promise<boolean> {
    const body = { count: series.count, lastTimestamp: series.lastAt.toISOString() };
    const at = { namespace: namespaceOf(series.object), name: series.name ?? "" };
    try {
      await this.#client.tell(patching(Event, at, { type: "merge", body }), { signal });
      return true;
    } catch (error) {
      if (isApiError(error, "not-found")) return false;
      throw error;
    }
  }

  async #create(series: Series, signal: AbortSignal): Promise<void> {
    const { apiVersion, kind, metadata } = series.object;
    const { component, instance } = this.#options;
    const name = `${metadata.name}.${randomBytes(8).toString("hex")}`;
    const event = creating(Event, {
      metadata: { namespace: namespaceOf(series.object), name },
      involvedObject: {
        apiVersion,
        kind,
        name: metadata.name,
        namespace: metadata.namespace,
        uid: metadata.uid,
      },
      ...series.happening,
      source: { component, host: instance },
      reportingComponent: component,
      reportingInstance: instance,
      count: series.count,
      firstTimestamp: series.firstAt.toISOString(),
      lastTimestamp: series.lastAt.toISOString(),
    });
    await this.#client.tell(event, { signal });
    series.name = name;
  }
}

/** Events about objects without a namespace lie in `default`. */
function namespaceOf({ metadata }: KubernetesObject): string {
  return metadata.namespace ?? "default";
}

/** A map keeps the order in which keys were set: the first is the one longest unused. */
function remember<T>(
  map: Map<string, T>,
  key: string,
  value: T,
  mayBeForgotten: (value: T) => boolean = () => true,
): void {
  map.delete(key);
  map.set(key, value);
  for (const [oldest, each] of map) {
    if (map.size <= remembered || !mayBeForgotten(each)) return;
    map.delete(oldest);
  }
}
