import type { DatabaseSync } from "node:sqlite";

export type Statements = ReturnType<typeof prepareStatements>;

/** What the store says to SQLite, compiled once. */
export function prepareStatements(database: DatabaseSync) {
  const object = "o.resource, o.namespace, o.name, o.revision, v.text FROM objects o JOIN versions v USING (revision)";
  return {
    lastRevision: database.prepare("SELECT max(revision) AS revision FROM versions"),
    get: database.prepare(
      "SELECT revision, text FROM versions WHERE revision = (SELECT revision FROM objects WHERE resource = ? AND namespace = ? AND name = ?)",
    ),
    byUid: database.prepare(`SELECT ${object} WHERE o.uid = ?`),
    list: database.prepare(`SELECT ${object} WHERE o.resource = ? ORDER BY o.namespace, o.name`),
    listNamespace: database.prepare(`SELECT ${object} WHERE o.resource = ? AND o.namespace = ? ORDER BY o.name`),
    listAfter: database.prepare(
      `SELECT ${object} WHERE o.resource = ? AND (o.namespace, o.name) > (?, ?) ORDER BY o.namespace, o.name LIMIT ?`,
    ),
    listNamespaceAfter: database.prepare(
      `SELECT ${object} WHERE o.resource = ? AND o.namespace = ? AND o.name > ? ORDER BY o.name LIMIT ?`,
    ),
    countAfter: database.prepare(
      "SELECT count(*) AS count FROM objects WHERE resource = ? AND (namespace, name) > (?, ?)",
    ),
    countNamespaceAfter: database.prepare(
      "SELECT count(*) AS count FROM objects WHERE resource = ? AND namespace = ? AND name > ?",
    ),
    changesAfter: database.prepare(
      `SELECT c.type, c.resource, c.namespace, c.name, c.revision, c.text, p.text AS previous
       FROM versions c LEFT JOIN versions p ON p.revision = c.previous
       WHERE c.revision > ? AND c.resource = ? ORDER BY c.revision`,
    ),
    addVersion: database.prepare("INSERT INTO versions VALUES (?, ?, ?, ?, ?, ?, ?)"),
    putObject: database.prepare(
      "INSERT INTO objects VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET uid = excluded.uid, revision = excluded.revision",
    ),
    removeObject: database.prepare("DELETE FROM objects WHERE resource = ? AND namespace = ? AND name = ?"),
    dropOwners: database.prepare("DELETE FROM owned WHERE uid = ?"),
    addOwner: database.prepare("INSERT OR IGNORE INTO owned VALUES (?, ?)"),
    ownedBy: database.prepare(`SELECT ${object} WHERE o.uid IN (SELECT uid FROM owned WHERE owner = ?)`),
    orphans: database.prepare(
      `SELECT ${object} WHERE o.uid IN (SELECT uid FROM owned WHERE owner NOT IN (SELECT uid FROM objects))`,
    ),
    allocate: database.prepare("INSERT OR IGNORE INTO allocations VALUES (?, ?, ?)"),
    allocated: database.prepare("SELECT pool, value FROM allocations WHERE uid = ?"),
    release: database.prepare("DELETE FROM allocations WHERE pool = ? AND value = ?"),
    releaseAll: database.prepare("DELETE FROM allocations WHERE uid = ?"),
    setting: database.prepare("SELECT value FROM settings WHERE key = ?"),
    setSetting: database.prepare("INSERT OR REPLACE INTO settings VALUES (?, ?)"),
    compactReplaced: database.prepare(
      "DELETE FROM versions WHERE revision IN (SELECT previous FROM versions WHERE revision > ? AND revision <= ?)",
    ),
    compactDeleted: database.prepare("DELETE FROM versions WHERE type = 'DELETED' AND revision > ? AND revision <= ?"),
  };
}
