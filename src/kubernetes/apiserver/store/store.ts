import type { DatabaseSync } from "node:sqlite";
import { openDatabase } from "./schema.ts";
import { prepareStatements, type Statements } from "./statements.ts";

/** Where an object lies: `resource` is `services` or `ipaddresspools.metallb.io`, `namespace` empty without one. */
export interface Key {
  readonly resource: string;
  readonly namespace: string;
  readonly name: string;
}

/** One version of one object, as JSON text that carries its resource version. */
export interface Version {
  readonly revision: number;
  readonly text: string;
}

export interface StoredObject extends Key, Version {}

/** Lists are ordered by namespace, then name. */
export type Place = Pick<Key, "namespace" | "name">;

export interface Page {
  readonly after?: Place | undefined;
  readonly limit?: number | undefined;
}

export type ChangeType = "ADDED" | "MODIFIED" | "DELETED";

/** A write, for watches: `previous` is the version that it replaced. */
export interface Change extends StoredObject {
  readonly type: ChangeType;
  readonly previous: string | undefined;
}

/** What a write may do; everything in one call of `Store.write` happens or nothing does. */
export interface Transaction {
  readonly get: (key: Key) => Version | undefined;
  readonly byUid: (uid: string) => StoredObject | undefined;
  /** Stores what `textAt` makes for the revision that this version gets. */
  readonly put: (key: Key, uid: string, textAt: (revision: number) => string) => Version;
  /** Removes an object with its owner references and allocations; `textAt` makes its last version. */
  readonly remove: (key: Key, uid: string, textAt: (revision: number) => string) => Version;
  readonly list: (resource: string, namespace?: string) => StoredObject[];
  readonly setOwners: (uid: string, owners: readonly string[]) => void;
  readonly ownedBy: (owner: string) => StoredObject[];
  /** Takes a value of a pool; false when somebody else has it. */
  readonly allocate: (pool: string, value: string, uid: string) => boolean;
  readonly allocated: (uid: string) => { readonly pool: string; readonly value: string }[];
  readonly release: (pool: string, value: string) => void;
}

interface Job {
  readonly dryRun: boolean;
  readonly run: () => void;
  readonly done: () => void;
  readonly failed: (error: unknown) => void;
}

type Listener = (changes: readonly Change[]) => void;

/**
 * All objects and their recent history, in SQLite. Writes that arrive together are one transaction (a commit waits
 * for the disk), each in a savepoint of its own; they are run one after the other with nothing in between, so each
 * reads what the one before wrote, and nobody else sees anything before it is durable.
 */
export class Store {
  readonly #database: DatabaseSync;
  readonly #statements: Statements;
  readonly #listeners = new Set<Listener>();
  readonly #transaction: Transaction;
  #jobs: Job[] = [];
  #changes: Change[] = [];
  #revision: number;
  #compacted: number;
  #closed = false;

  constructor(path: string) {
    this.#database = openDatabase(path);
    this.#statements = prepareStatements(this.#database);
    this.#compacted = Number(this.setting("compacted") ?? 0);
    this.#revision = Math.max(this.#compacted, Number(this.#statements.lastRevision.get()?.["revision"] ?? 0));
    this.#transaction = this.#makeTransaction();
  }

  /** That of the last write. */
  get revision(): number {
    return this.#revision;
  }

  /** History up to and including this revision is gone. */
  get compacted(): number {
    return this.#compacted;
  }

  get(key: Key): Version | undefined {
    return this.#statements.get.get(key.resource, key.namespace, key.name) as Version | undefined;
  }

  byUid(uid: string): StoredObject | undefined {
    return this.#statements.byUid.get(uid) as StoredObject | undefined;
  }

  /** Ordered by namespace, then name; without a namespace those of all. */
  list(resource: string, namespace?: string): StoredObject[] {
    const rows =
      namespace === undefined
        ? this.#statements.list.all(resource)
        : this.#statements.listNamespace.all(resource, namespace);
    return rows as unknown as StoredObject[];
  }

  /**
   * The list as it was at `revision`, which must not be compacted: today's, with all later changes taken back. A page
   * of it begins after a place and holds at least `limit` objects, if there are that many, and some more.
   */
  listAt(
    resource: string,
    namespace: string | undefined,
    revision: number,
    { after, limit }: Page = {},
  ): StoredObject[] {
    const later = this.changesAfter(revision, resource).filter((each) =>
      [undefined, each.namespace].includes(namespace),
    );
    // Each change can take one object out of the page.
    const wanted = limit === undefined ? -1 : limit + later.length;
    const current = this.#page(resource, namespace, after, wanted);
    const end = current.length === wanted ? current.at(-1) : undefined;
    const then = new Map(current.map((each) => [`${each.namespace}/${each.name}`, each]));
    for (const { previous, ...change } of later.reverse()) {
      if (after !== undefined && comparePlaces(change, after) <= 0) continue;
      if (end !== undefined && comparePlaces(change, end) > 0) continue;
      const key = `${change.namespace}/${change.name}`;
      if (previous === undefined) then.delete(key);
      else then.set(key, { ...change, text: previous });
    }
    return later.length === 0 ? current : [...then.values()].sort(comparePlaces);
  }

  /** How many objects there are after a place. */
  count(resource: string, namespace: string | undefined, after: Place): number {
    const row =
      namespace === undefined
        ? this.#statements.countAfter.get(resource, after.namespace, after.name)
        : this.#statements.countNamespaceAfter.get(resource, namespace, after.name);
    return Number(row?.["count"] ?? 0);
  }

  changesAfter(revision: number, resource: string): Change[] {
    const rows = this.#statements.changesAfter.all(revision, resource) as unknown as (Omit<Change, "previous"> & {
      readonly previous: string | null;
    })[];
    return rows.map(({ previous, ...change }) => ({ ...change, previous: previous ?? undefined }));
  }

  /** Calls `listener` with what each commit changed, after it is durable. Returns how to stop that. */
  subscribe(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Runs `job` in the next transaction; its value comes when that is durable. A job that throws changes nothing, nor
   * does a dry run, whose value is what would have been.
   */
  write<Value>(job: (transaction: Transaction) => Value, dryRun = false): Promise<Value> {
    return new Promise((resolve, reject) => {
      if (this.#closed) throw new Error("the store is closed");
      let value: Value;
      this.#jobs.push({
        dryRun,
        run: () => void (value = job(this.#transaction)),
        done: () => resolve(value),
        failed: reject,
      });
      // Not at once: requests that came in the same turn of the event loop share the commit.
      if (this.#jobs.length === 1) setImmediate(() => this.#commit());
    });
  }

  setting(key: string): string | undefined {
    const value = this.#statements.setting.get(key)?.["value"];
    return typeof value === "string" ? value : undefined;
  }

  setSetting(key: string, value: string): void {
    this.#statements.setSetting.run(key, value);
  }

  /** Owner references whose owner does not exist: what a crash left to the garbage collector. */
  orphans(): StoredObject[] {
    return this.#statements.orphans.all() as unknown as StoredObject[];
  }

  /** Forgets versions that were replaced or deleted at or before `revision`. */
  compact(revision: number): void {
    if (this.#closed || revision <= this.#compacted) return;
    this.#database.exec("BEGIN IMMEDIATE");
    this.#statements.compactReplaced.run(this.#compacted, revision);
    this.#statements.compactDeleted.run(this.#compacted, revision);
    this.setSetting("compacted", String(revision));
    this.#database.exec("COMMIT");
    this.#compacted = revision;
  }

  close(): void {
    if (this.#closed) return;
    this.#commit();
    this.#closed = true;
    this.#listeners.clear();
    this.#database.close();
  }

  /** Those after a place; a limit of -1 is none. */
  #page(resource: string, namespace: string | undefined, after: Place | undefined, limit: number): StoredObject[] {
    if (after === undefined && limit < 0) return this.list(resource, namespace);
    const { namespace: from, name } = after ?? { namespace: "", name: "" };
    const rows =
      namespace === undefined
        ? this.#statements.listAfter.all(resource, from, name, limit)
        : this.#statements.listNamespaceAfter.all(resource, namespace, name, limit);
    return rows as unknown as StoredObject[];
  }

  #commit(): void {
    const jobs = this.#jobs;
    if (jobs.length === 0 || this.#closed) return;
    this.#jobs = [];
    this.#changes = [];
    const before = this.#revision;
    let settle: (() => void)[];
    try {
      this.#database.exec("BEGIN IMMEDIATE");
      settle = jobs.map((job) => this.#run(job));
      this.#database.exec("COMMIT");
    } catch (error) {
      // The disk is full, or failed: none of this happened.
      this.#revision = before;
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
      for (const job of jobs) job.failed(error);
      return;
    }
    for (const each of settle) each();
    if (this.#changes.length > 0) for (const listener of this.#listeners) listener(this.#changes);
  }

  #run(job: Job): () => void {
    const revision = this.#revision;
    const { length } = this.#changes;
    this.#database.exec("SAVEPOINT job");
    const takeBack = () => {
      this.#database.exec("ROLLBACK TO job; RELEASE job");
      this.#revision = revision;
      this.#changes.length = length;
    };
    try {
      job.run();
    } catch (error) {
      takeBack();
      return () => job.failed(error);
    }
    if (job.dryRun) takeBack();
    else this.#database.exec("RELEASE job");
    return job.done;
  }

  #makeTransaction(): Transaction {
    const statements = this.#statements;
    return {
      get: (key) => this.get(key),
      byUid: (uid) => this.byUid(uid),
      list: (resource, namespace) => this.list(resource, namespace),
      put: (key, uid, textAt) => {
        const previous = this.get(key);
        const version = this.#record(previous === undefined ? "ADDED" : "MODIFIED", key, previous, textAt);
        statements.putObject.run(key.resource, key.namespace, key.name, uid, version.revision);
        return version;
      },
      remove: (key, uid, textAt) => {
        const version = this.#record("DELETED", key, this.get(key), textAt);
        statements.removeObject.run(key.resource, key.namespace, key.name);
        statements.dropOwners.run(uid);
        statements.releaseAll.run(uid);
        return version;
      },
      setOwners: (uid, owners) => {
        statements.dropOwners.run(uid);
        for (const owner of owners) statements.addOwner.run(owner, uid);
      },
      ownedBy: (owner) => statements.ownedBy.all(owner) as unknown as StoredObject[],
      allocate: (pool, value, uid) => statements.allocate.run(pool, value, uid).changes === 1,
      allocated: (uid) => statements.allocated.all(uid) as unknown as { pool: string; value: string }[],
      release: (pool, value) => void statements.release.run(pool, value),
    };
  }

  #record(type: ChangeType, key: Key, previous: Version | undefined, textAt: (revision: number) => string): Version {
    const { resource, namespace, name } = key;
    const revision = this.#revision + 1;
    const text = textAt(revision);
    this.#statements.addVersion.run(revision, type, resource, namespace, name, previous?.revision ?? null, text);
    this.#revision = revision;
    this.#changes.push({ type, resource, namespace, name, revision, text, previous: previous?.text });
    return { revision, text };
  }
}

function comparePlaces(a: Place, b: Place): number {
  return order(a.namespace, b.namespace) || order(a.name, b.name);
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
