import { chmodSync, closeSync, fsyncSync, mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { limits } from "../limits.ts";
import { adoptFormat } from "./format.ts";
import type { WorkerSettings } from "./messages.ts";

const fileName = "store.db";
const ownerName = "owner.json";
/** Objects of one to four kilobytes pack well, and a single commit does not write much more than itself. */
const pageBytes = 8192;

/**
 * Opens the database in `directory`, for this process alone: SQLite's exclusive locking mode holds a lock on the
 * file that ends with the process. (Nothing else in this process may open the file: closing it would drop the lock.)
 */
export function openDatabase({ directory, openedAt, program }: WorkerSettings): DatabaseSync {
  makePrivateDirectory(directory);
  const path = join(directory, fileName);
  makePrivateFile(path);
  const database = new DatabaseSync(path, { timeout: 0 });
  try {
    database.exec("PRAGMA locking_mode = EXCLUSIVE");
    // Only on a new file: on an old one even the same value is a write, and it may not be ours to write to.
    if (database.prepare("PRAGMA page_count").get()?.page_count === 0) {
      database.exec(`PRAGMA page_size = ${pageBytes}; PRAGMA auto_vacuum = INCREMENTAL`);
    }
    database.exec(`
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = FULL;
      PRAGMA wal_autocheckpoint = ${limits.walBytes / pageBytes};
      PRAGMA journal_size_limit = ${limits.walBytes};
      PRAGMA temp_store = MEMORY;
      PRAGMA cache_size = -${limits.cacheBytes / 1024};
      PRAGMA trusted_schema = OFF;
      BEGIN EXCLUSIVE; COMMIT;`);
    adoptFormat(database);
    writeFileSync(
      join(directory, ownerName),
      `${JSON.stringify({ pid: process.pid, program, openedAt })}\n`,
      {
        mode: 0o600,
      },
    );
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Who wrote that it opened the store, in words; undefined when nobody did. */
export function describeOwner(directory: string): string | undefined {
  try {
    const { pid, program, openedAt } = JSON.parse(readFileSync(join(directory, ownerName), "utf8"));
    return `process ${pid} (${program}, since ${new Date(openedAt).toISOString()})`;
  } catch {
    return undefined;
  }
}

function makePrivateDirectory(directory: string): void {
  const made = mkdirSync(directory, { recursive: true, mode: 0o700 });
  chmodSync(directory, 0o700);
  // A directory that a power cut makes disappear would take acknowledged writes with it.
  if (made !== undefined) syncDirectory(dirname(made));
}

/** SQLite would make it readable for all; its other files take over this one's mode. */
function makePrivateFile(path: string): void {
  try {
    closeSync(openSync(path, "wx", 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    chmodSync(path, 0o600);
  }
}

function syncDirectory(path: string): void {
  const descriptor = openSync(path, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
