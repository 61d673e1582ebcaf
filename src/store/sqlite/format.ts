import type { DatabaseSync } from "node:sqlite";
import { unavailable } from "#base";
import { DamagedError } from "./failures.ts";

/** "NACR" in SQLite's header: a file of ours. */
const applicationId = 0x4e414352;

/**
 * How each format version is made from the one before; the first from nothing. Never change an entry that was
 * released: add one. The format version is SQLite's `user_version`.
 */
export const formats: readonly string[] = [
  // 1. id = revision · 128 + place in the commit. `position` = bytes ever written before this change: the size of
  // any stretch of history is a subtraction.
  `CREATE TABLE changes (
     id INTEGER PRIMARY KEY, key TEXT NOT NULL, create_revision INTEGER NOT NULL, value BLOB,
     at INTEGER NOT NULL, user TEXT NOT NULL, verb TEXT NOT NULL, request_id TEXT NOT NULL,
     position INTEGER NOT NULL, checksum INTEGER NOT NULL) STRICT;
   CREATE INDEX changes_by_key ON changes (key);
   CREATE TABLE compaction (revision INTEGER NOT NULL) STRICT;
   INSERT INTO compaction VALUES (0);`,
];

/** Brings the database to the newest format, whatever older one it has. Throws when it is newer or not ours. */
export function adoptFormat(database: DatabaseSync, steps: readonly string[] = formats): void {
  const found = pragma(database, "user_version");
  const owner = pragma(database, "application_id");
  const tables = database.prepare("SELECT count(*) AS n FROM sqlite_schema").get()?.n;
  if (owner !== applicationId && (owner !== 0 || tables !== 0)) {
    throw new DamagedError("the file belongs to another program");
  }
  if (found > steps.length) {
    throw unavailable(
      `it has format version ${found}, this Nacre knows versions up to ${steps.length}; install a newer Nacre`,
    );
  }
  if (found === steps.length) return;
  database.exec("BEGIN IMMEDIATE");
  try {
    for (const step of steps.slice(found)) database.exec(step);
    database.exec(`PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${steps.length}; COMMIT`);
  } catch (error) {
    if (database.isTransaction) database.exec("ROLLBACK");
    throw error;
  }
}

function pragma(database: DatabaseSync, name: string): number {
  return Number(database.prepare(`PRAGMA ${name}`).get()?.[name] ?? 0);
}
