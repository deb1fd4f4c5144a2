import { keyOf, type Kind, type KubernetesObject } from "../resources/index.ts";
import { backoffMs, type BackoffLimits } from "./backoff.ts";
import { IndexedCache, type Cache, type Indexer } from "./cache.ts";
import { ChangeCollector, type Changes } from "./changes.ts";
import type { Client } from "./client.ts";
import { ApiError, isApiError, isClientError, type ClientError } from "./errors.ts";
import type { List, Selection } from "./options.ts";
import { reasonOf, sleep } from "./ports.ts";
import type { WatchEvent } from "./watch-event.ts";

export interface InformerOptions<Value extends KubernetesObject, IndexName extends string = never> extends Selection {
  readonly indexes?: Readonly<Record<IndexName, Indexer<Value>>>;
  /** Cuts an object down further than its kind's schema does, before it is kept. */
  readonly trim?: (object: Value) => Value;
  /** Told of each failure to list or to watch; the informer goes on trying. */
  readonly onDisconnect?: (error: ClientError) => void;
  /** The least that a watch is asked to last; up to twice as long, by chance, so that not all are renewed at once. */
  readonly watchSeconds?: number;
  readonly backoff?: BackoffLimits;
}

/**
 * Called once for all that changed in one turn of the event loop; the cache then holds what the changes say. What it
 * throws ends the informer and is thrown by `done`.
 */
export type ChangeHandler<Value extends KubernetesObject> = (changes: Changes<Value>) => void;

/** A watch that lasted so long was a good one, also if nothing happened. */
const goodWatchMs = 5000;

/**
 * Keeps a cache equal to the API server's objects of one kind: lists, watches from there, resumes where it was after a
 * disconnect, and lists again when the server's history no longer reaches back. While the server is away the cache
 * stays in force, and says since when it may be out of date.
 */
export class Informer<Value extends KubernetesObject, IndexName extends string = never> {
  readonly kind: Kind<Value>;
  readonly cache: Cache<Value, IndexName>;
  /** When the first list is in the cache and was handled; rejects if the informer ends before. */
  readonly synced: Promise<void>;
  /** When the informer has ended: resolves after its signal was aborted, rejects with what the handler threw. */
  readonly done: Promise<void>;

  readonly #client: Client;
  readonly #options: InformerOptions<Value, IndexName>;
  readonly #handler: ChangeHandler<Value>;
  readonly #cache: IndexedCache<Value, IndexName>;
  readonly #changes = new ChangeCollector<Value>();
  readonly #ending = new AbortController();
  readonly #synced = Promise.withResolvers<void>();
  #isSynced = false;
  #staleSince: Date | undefined;
  #delivery: NodeJS.Immediate | undefined;
  /** Where the next watch begins; undefined when only a list can tell. */
  #resourceVersion: string | undefined;
  /** Whether this watch has brought anything. */
  #heard = false;
  /** Ends the watch that is open, for a list. */
  #watching = new AbortController();
  /** How many lists were taken. */
  #lists = 0;
  /** The server's history is another one: what has the same version as before need not be the same. */
  #otherHistory = false;

  constructor(
    client: Client,
    kind: Kind<Value>,
    options: InformerOptions<Value, IndexName>,
    handler: ChangeHandler<Value>,
    signal: AbortSignal,
  ) {
    this.kind = kind;
    this.#client = client;
    this.#options = options;
    this.#handler = handler;
    this.#cache = new IndexedCache(options.indexes ?? ({} as Record<IndexName, Indexer<Value>>));
    this.cache = this.#cache;
    this.#staleSince = client.ports.wallTime();
    this.synced = this.#synced.promise;
    // Whoever waits for it hears of it; where nobody does, `done` says the same.
    this.synced.catch(() => {});
    this.done = this.#runUntil(signal);
  }

  get isSynced(): boolean {
    return this.#isSynced;
  }

  /** The resourceVersion that the cache is equal to; undefined while the handler has not heard all of it. */
  get resourceVersion(): string | undefined {
    return this.#delivery === undefined ? this.#resourceVersion : undefined;
  }

  /** Since when the API server may know better than the cache; undefined while a watch is open. */
  get staleSince(): Date | undefined {
    return this.#staleSince;
  }

  async #runUntil(signal: AbortSignal): Promise<void> {
    const end = () => this.#ending.abort(signal.reason);
    signal.addEventListener("abort", end, { once: true });
    if (signal.aborted) end();
    const leave = this.#client.history.join({ wentBack: () => this.#wentBack() });
    try {
      await this.#run();
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      leave();
      clearImmediate(this.#delivery);
      signal.removeEventListener("abort", end);
      this.#stale();
      this.#synced.reject(reasonOf(this.#ending.signal));
    }
  }

  async #run(): Promise<never> {
    const { clock, random } = this.#client.ports;
    const limits = this.#options.backoff ?? { firstMs: 200, maxMs: 5_000 };
    for (let failures = 0; ;) {
      const began = clock.now();
      this.#heard = false;
      let waitMs = 0;
      const hasHistory = this.#resourceVersion !== undefined;
      try {
        if (!hasHistory || (await this.#wentBack())) this.#replace(await this.#list());
        await this.#watch(this.#resourceVersion);
      } catch (error) {
        waitMs = this.#takeFailure(error);
        // A server that has forgotten our history is there. One that forgets what it has just listed is not well.
        if (hasHistory && isApiError(error, "expired")) continue;
      }
      failures = this.#heard || clock.now() - began >= goodWatchMs ? 0 : failures + 1;
      if (waitMs === 0 && failures === 0) continue;
      waitMs = Math.max(waitMs, backoffMs(Math.max(1, failures), limits, random));
      await sleep(clock, waitMs, this.#ending.signal);
    }
  }

  /** Returns how long the server asks us to stay away, at least a moment; throws what is no failure to be repaired. */
  #takeFailure(error: unknown): number {
    if (this.#ending.signal.aborted) throw reasonOf(this.#ending.signal);
    if (!isClientError(error)) {
      this.#ending.abort(error);
      throw error;
    }
    this.#stale();
    if (isApiError(error, "expired")) this.#resourceVersion = undefined;
    this.#options.onDisconnect?.(error);
    return error instanceof ApiError ? (error.retryAfterMs ?? 1) : 1;
  }

  #list(): Promise<List<Value>> {
    return this.#client.list(this.kind, { ...this.#selection(), signal: this.#ending.signal });
  }

  /**
   * Whether the server is at an older state than what we have seen of it; nothing that is known of its history is good
   * any more then. One that answers with a list knows all that was there when it was asked.
   */
  async #wentBack(): Promise<boolean> {
    const [known, lists] = [this.#resourceVersion, this.#lists];
    if (known === undefined) return false;
    const now = await this.#client.revision(this.kind, { ...this.#selection(), signal: this.#ending.signal });
    if (lists !== this.#lists || !isOlder(now, known)) return false;
    this.#otherHistory = true;
    this.#resourceVersion = undefined;
    this.#stale();
    this.#watching.abort(new Error("the API server is at an older state than before"));
    return true;
  }

  async #watch(resourceVersion: string | undefined): Promise<void> {
    const watching = (this.#watching = new AbortController());
    try {
      await this.#follow(resourceVersion, AbortSignal.any([this.#ending.signal, watching.signal]));
    } catch (error) {
      if (!watching.signal.aborted || this.#ending.signal.aborted) throw error;
      // What was under way has told of the old history.
      this.#resourceVersion = undefined;
    }
  }

  async #follow(resourceVersion: string | undefined, signal: AbortSignal): Promise<void> {
    const least = this.#options.watchSeconds ?? 300;
    const events = this.#client.watch(this.kind, {
      ...this.#selection(),
      resourceVersion,
      timeoutSeconds: Math.ceil(least * (1 + this.#client.ports.random())),
      signal,
      onOpen: () => (this.#staleSince = undefined),
    });
    for await (const event of events) this.#take(event);
  }

  #take(event: WatchEvent<Value>): void {
    this.#heard = true;
    switch (event.type) {
      case "added":
      case "modified":
        this.#resourceVersion = event.object.metadata.resourceVersion;
        this.#put(event.object);
        break;
      case "deleted":
        this.#resourceVersion = event.object.metadata.resourceVersion;
        this.#remove(keyOf(event.object));
        break;
      case "bookmark":
        this.#resourceVersion = event.resourceVersion;
        break;
      case "unreadable":
        // Its last readable version stays in force as long as the object exists.
        this.#resourceVersion = event.object.resourceVersion;
        if (event.deleted) this.#remove(event.object.key);
        break;
    }
  }

  /** Makes the cache what a list says, so that deletions are found out that no watch has told us of. */
  #replace(list: List<Value>): void {
    const gone = new Set(this.#cache.keys());
    for (const object of list.items) {
      gone.delete(keyOf(object));
      this.#put(object);
    }
    for (const { key, uid } of list.unreadable) {
      if (this.#cache.get(key)?.metadata.uid === uid) gone.delete(key);
    }
    for (const key of gone) this.#remove(key);
    this.#lists += 1;
    this.#otherHistory = false;
    this.#resourceVersion = list.resourceVersion;
    this.#deliver();
    this.#isSynced = true;
    this.#synced.resolve();
  }

  #put(object: Value): void {
    const known = this.#cache.get(keyOf(object))?.metadata;
    const { uid, resourceVersion } = object.metadata;
    const same = known !== undefined && known.uid === uid && known.resourceVersion === resourceVersion;
    if (same && !this.#otherHistory) return;
    const kept = this.#options.trim?.(object) ?? object;
    this.#note(this.#cache.set(kept), kept);
  }

  #remove(key: string): void {
    const old = this.#cache.delete(key);
    if (old !== undefined) this.#note(old, undefined);
  }

  #note(old: Value | undefined, object: Value | undefined): void {
    this.#changes.note(old, object);
    this.#delivery ??= setImmediate(() => {
      try {
        this.#deliver();
      } catch (error) {
        this.#ending.abort(error);
      }
    });
  }

  #deliver(): void {
    clearImmediate(this.#delivery);
    this.#delivery = undefined;
    const changes = this.#changes.take((key) => this.#cache.get(key));
    if (changes !== undefined) this.#handler(changes);
  }

  #stale(): void {
    this.#staleSince ??= this.#client.ports.wallTime();
  }

  #selection(): Selection {
    const { namespace, labelSelector, fieldSelector } = this.#options;
    return { namespace, labelSelector, fieldSelector };
  }
}

/** Resource versions are numbers that grow (kubernetes.io: API concepts, "Resource versions"). */
function isOlder(version: string, than: string): boolean {
  return /^\d+$/.test(version) && /^\d+$/.test(than) && BigInt(version) < BigInt(than);
}

/** Starts an informer; it ends with the signal. */
export function watchKind<Value extends KubernetesObject, IndexName extends string = never>(
  client: Client,
  kind: Kind<Value>,
  options: InformerOptions<Value, IndexName>,
  handler: ChangeHandler<Value>,
  signal: AbortSignal,
): Informer<Value, IndexName> {
  return new Informer(client, kind, options, handler, signal);
}

/** When all of them are synced; rejects as soon as one has ended before that. */
export async function allSynced(informers: readonly { readonly synced: Promise<void> }[]): Promise<void> {
  await Promise.all(informers.map((informer) => informer.synced));
}
