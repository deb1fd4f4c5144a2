import { isDeepStrictEqual } from "node:util";
import type { Kind, KubernetesObject } from "../resources/index.ts";
import type { BackoffLimits } from "./backoff.ts";
import type { Cache } from "./cache.ts";
import type { Client } from "./client.ts";
import { isApiError, type ApiError } from "./errors.ts";
import { WorkQueue } from "./work-queue.ts";
import type { Written } from "./written.ts";

export interface StatusWriterModules<Value extends KubernetesObject> {
  readonly client: Client;
  readonly kind: Kind<Value>;
  readonly cache: Cache<Value>;
}

export interface StatusWriterOptions<Value extends KubernetesObject, Part> {
  /** The part of an object that this writer answers for, in the form in which it is wished. */
  readonly partOf: (object: Value) => Part;
  /** What to apply so that the object has the part. */
  readonly statusOf: (part: Part, object: Value) => object;
  /** Take the fields over from whoever owns them, instead of telling `onConflict`. */
  readonly force?: boolean;
  /** Another field manager owns what we would write; it is left as it is until something changes. */
  readonly onConflict: (object: Value, error: ApiError) => void;
  /** A write failed; it is tried again after `retryMs`. */
  readonly onFailure: (key: string, error: unknown, retryMs: number) => void;
  readonly concurrency?: number;
  readonly backoff?: BackoffLimits;
}

/**
 * Makes the status of objects what is wished, by server-side apply, and writes only where it is not so yet. Of several
 * wishes for one object that come while a write is under way, the last is written after it. An object that is deleted
 * takes its wish with it.
 */
export class StatusWriter<Value extends KubernetesObject, Part> {
  readonly #modules: StatusWriterModules<Value>;
  readonly #options: StatusWriterOptions<Value, Part>;
  readonly #queue: WorkQueue;
  readonly #wishes = new Map<string, Part>();
  readonly #underWay = new Set<string>();
  /** What we wrote, until the cache has heard of it: by the version that the cache held at the time. */
  readonly #written = new Map<string, { readonly over: Value; readonly now: Value }>();

  constructor(modules: StatusWriterModules<Value>, options: StatusWriterOptions<Value, Part>) {
    this.#modules = modules;
    this.#options = options;
    this.#queue = new WorkQueue((key, signal) => this.#write(key, signal), {
      ports: modules.client.ports,
      concurrency: options.concurrency ?? 8,
      ...(options.backoff === undefined ? {} : { backoff: options.backoff }),
      onFailure: options.onFailure,
    });
  }

  /** To be said again whenever the object has changed: it costs nothing where all is as wished. */
  wish(key: string, part: Part): void {
    this.#wishes.set(key, part);
    const object = this.#newest(key);
    const asWished = object !== undefined && isDeepStrictEqual(this.#options.partOf(object), part);
    // What is under way may undo what is so now: it is looked at again afterwards.
    if (!asWished || this.#underWay.has(key)) this.#queue.add(key);
  }

  /** Writes until the signal is aborted; then waits for what is under way. */
  run(signal: AbortSignal): Promise<void> {
    return this.#queue.run(signal);
  }

  /** When all wishes have come true, or were refused. */
  idle(): Promise<void> {
    return this.#queue.idle();
  }

  async #write(key: string, signal: AbortSignal): Promise<void> {
    const { client, kind, cache } = this.#modules;
    const { partOf, statusOf, force = false, onConflict } = this.#options;
    const over = cache.get(key);
    const object = this.#newest(key);
    const wish = this.#wishes.get(key);
    if (over === undefined || object === undefined || wish === undefined) {
      this.#wishes.delete(key);
      this.#written.delete(key);
      return;
    }
    if (isDeepStrictEqual(partOf(object), wish)) return;
    const { name, namespace, uid } = object.metadata;
    const body = { metadata: { name, namespace, uid }, status: statusOf(wish, object) };
    this.#underWay.add(key);
    try {
      // The UID makes it fail for another object of the same name. The body's fields are those of the kind's status.
      const now = await client.applyStatus(kind, body as unknown as Written<Value>, { force, signal });
      this.#written.set(key, { over, now });
    } catch (error) {
      if (isApiError(error, "not-found")) return;
      if (!isApiError(error, "conflict")) throw error;
      onConflict(object, error);
    } finally {
      this.#underWay.delete(key);
    }
  }

  /** The cache's version, or ours if the cache has not heard of anything since we wrote. */
  #newest(key: string): Value | undefined {
    const cached = this.#modules.cache.get(key);
    const written = this.#written.get(key);
    if (written === undefined) return cached;
    if (cached === written.over) return written.now;
    this.#written.delete(key);
    return cached;
  }
}
