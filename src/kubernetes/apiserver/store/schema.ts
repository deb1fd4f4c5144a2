import { DatabaseSync } from "node:sqlite";

/** Raised when the tables change in a way that an older database does not have. */
const schemaVersion = 1;

/**
 * `versions` is the history, one row a write, its revision being the object's resource version; `objects` says which
 * version of each object is the current one. Everything else that must survive a restart is beside them, so that one
 * transaction holds a write with all that follows from it: `owned` (owner references, for the garbage collector),
 * `allocations` (addresses and ports of Services), `settings` (certificates, how far the history is compacted).
 */
const tables = `
  CREATE TABLE versions (
    revision INTEGER PRIMARY KEY,
    type TEXT NOT NULL CHECK (type IN ('ADDED', 'MODIFIED', 'DELETED')),
    resource TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL,
    previous INTEGER,
    text TEXT NOT NULL
  ) STRICT;
  CREATE TABLE objects (
    resource TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL,
    uid TEXT NOT NULL UNIQUE,
    revision INTEGER NOT NULL,
    PRIMARY KEY (resource, namespace, name)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE owned (
    owner TEXT NOT NULL, uid TEXT NOT NULL,
    PRIMARY KEY (owner, uid)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX owned_by_uid ON owned (uid);
  CREATE TABLE allocations (
    pool TEXT NOT NULL, value TEXT NOT NULL, uid TEXT NOT NULL,
    PRIMARY KEY (pool, value)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX allocations_by_uid ON allocations (uid);
  CREATE TABLE settings (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
`;

/** Opens the database at `path` (or `:memory:`), with its tables made if it is new. */
export function openDatabase(path: string): DatabaseSync {
  const database = new DatabaseSync(path);
  try {
    // With a write-ahead log and FULL, a commit returns when it is on the disk (https://sqlite.org/pragma.html).
    database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA locking_mode = EXCLUSIVE");
    const version = Number(database.prepare("PRAGMA user_version").get()?.["user_version"]);
    if (version === 0) database.exec(`BEGIN; ${tables} PRAGMA user_version = ${schemaVersion}; COMMIT`);
    else if (version !== schemaVersion) {
      throw new Error(`${path}: its tables are version ${version}, this program reads version ${schemaVersion}`);
    }
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}
