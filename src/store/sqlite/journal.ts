import type { DatabaseSync, StatementSync } from "node:sqlite";
import { crc32 } from "node:zlib";
import { limits } from "../limits.ts";
import type { Revision } from "../store.ts";
import { DamagedError } from "./failures.ts";
import { type Row, rowBytes } from "./rows.ts";

/** Places for changes in one revision, in `id`. */
const places = limits.transactionOperations;

const columns = "c.id, c.key, c.create_revision, c.value, c.at, c.user, c.verb, c.request_id, c.checksum";

/** The table of changes: appends, and reads that check what they find. Synchronous; lives in the worker. */
export class Journal {
  readonly #database: DatabaseSync;
  readonly #insert: StatementSync;
  readonly #probe: StatementSync;
  #position: number;
  #current: Revision;
  #compacted: Revision;

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#insert = database.prepare("INSERT INTO changes VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    this.#probe = database.prepare("SELECT id, position, at FROM changes WHERE id >= ? ORDER BY id LIMIT 1");
    this.#compacted = Number(database.prepare("SELECT revision FROM compaction").get()?.revision ?? 0);
    const newest = `FROM changes AS c ORDER BY c.id DESC LIMIT 1`;
    const [last] = this.#rows(database.prepare(`SELECT ${columns} ${newest}`));
    const position = Number(database.prepare(`SELECT c.position ${newest}`).get()?.position ?? 0);
    this.#current = Math.max(this.#compacted, last?.revision ?? 0);
    this.#position = last ? position + rowBytes(last) : 0;
  }

  get current(): Revision {
    return this.#current;
  }

  get compacted(): Revision {
    return this.#compacted;
  }

  /** Writes rows of whole commits, all or none; when it returns they are on the disk. */
  append(batches: readonly (readonly Row[])[]): void {
    let position = this.#position;
    let revision = this.#current;
    let place = 0;
    this.#transact(() => {
      for (const row of batches.flat()) {
        place = row.revision === revision ? place + 1 : 0;
        revision = row.revision;
        const { user, verb, requestId, at } = row.provenance;
        const id = revision * places + place;
        const checksum = checksumOf(id, row.key, row.createRevision, row.value);
        const value = row.value ?? null;
        this.#insert.run(
          id,
          row.key,
          row.createRevision,
          value,
          at,
          user,
          verb,
          requestId,
          position,
          checksum,
        );
        position += rowBytes(row);
      }
    });
    this.#position = position;
    this.#current = revision;
  }

  /** Every key that lived at `revision`, without provenance. */
  *live(revision: Revision): Generator<Row> {
    // The inner query reads the small index only.
    const statement = this.#database.prepare(
      `SELECT ${columns} FROM (SELECT max(id) AS id FROM changes WHERE id < ? GROUP BY key) AS l
       JOIN changes AS c ON c.id = l.id WHERE c.value IS NOT NULL`,
    );
    for (const row of this.#rows(statement, firstId(revision + 1))) {
      yield { ...row, provenance: { user: "", verb: "", requestId: "", at: 0 } };
    }
  }

  /** Every change after `revision`, in order. Checks that no revision is missing. */
  *after(revision: Revision): Generator<Row> {
    const statement = this.#database.prepare(
      `SELECT ${columns} FROM changes AS c WHERE c.id >= ? ORDER BY c.id`,
    );
    let previous = revision;
    for (const row of this.#rows(statement, firstId(revision + 1))) {
      if (row.revision > previous + 1) throw new DamagedError(`revision ${previous + 1} is missing`);
      previous = row.revision;
      yield row;
    }
  }

  /** The versions of a key, newest first. */
  history(key: string, limit: number): Row[] {
    const statement = this.#database.prepare(
      `SELECT ${columns} FROM changes AS c WHERE c.key = ? ORDER BY c.id DESC LIMIT ?`,
    );
    return [...this.#rows(statement, key, limit)];
  }

  /** The oldest revision that is in the table and after which no more than `commits` and `bytes` were written. */
  reachingBack(commits: number, bytes: number): Revision {
    const earliest = Math.max(this.#compacted, this.#current - commits);
    return this.#firstWhere(earliest, ({ position }) => this.#position - position <= bytes);
  }

  /** The newest revision that retention allows to forget: older than `before`, or beyond `bytes` of history. */
  forgettable(before: number, bytes: number): Revision {
    return this.#firstWhere(
      this.#compacted,
      ({ position, at }) => at >= before && this.#position - position <= bytes,
    );
  }

  /**
   * Forgets some of what was replaced up to `target`, in one short transaction. True when there is more to do.
   * Every change that has a successor at or before `target` goes, and so do deletions.
   */
  compactSlice(target: Revision): boolean {
    const end = Math.min(target, this.#current);
    const slice = this.#database
      .prepare(
        "SELECT id, key, value IS NULL AS gone FROM changes WHERE id >= ? AND id < ? ORDER BY id LIMIT ?",
      )
      .all(firstId(this.#compacted + 1), firstId(end + 1), limits.compactionSlice);
    const more = slice.length === limits.compactionSlice;
    // The last commit of a full slice may go on in the next one.
    const reached = more ? revisionOf(Number(slice.at(-1)?.id)) - 1 : end;
    if (reached <= this.#compacted) return false;
    const forgetOlder = this.#database.prepare("DELETE FROM changes WHERE key = ? AND id < ?");
    const forget = this.#database.prepare("DELETE FROM changes WHERE id = ?");
    this.#transact(() => {
      for (const { id, key, gone } of slice) {
        if (revisionOf(Number(id)) > reached) break;
        forgetOlder.run(key as string, id as number);
        if (gone) forget.run(id as number);
      }
      this.#database.prepare("UPDATE compaction SET revision = ?").run(reached);
    });
    this.#compacted = reached;
    return more;
  }

  /** Gives some free pages back to the file system, once they are a quarter of the file. True when there is more. */
  shrinkSlice(): boolean {
    const count = (name: string) => Number(this.#database.prepare(`PRAGMA ${name}`).get()?.[name]);
    if (count("freelist_count") * 4 <= count("page_count")) return false;
    this.#database.exec("PRAGMA incremental_vacuum(256)");
    return true;
  }

  close(): void {
    this.#database.close();
  }

  /** The least revision at or after `from` whose following change satisfies `wanted`, which once true stays true. */
  #firstWhere(from: Revision, wanted: (change: { position: number; at: number }) => boolean): Revision {
    let low = from;
    let high = this.#current;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const change = this.#probe.get(firstId(middle + 1));
      if (!change || wanted({ position: Number(change.position), at: Number(change.at) })) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  *#rows(statement: StatementSync, ...parameters: (string | number)[]): Generator<Row> {
    statement.setReturnArrays(true);
    for (const columnsFound of statement.iterate(...parameters) as Iterable<unknown>) {
      const [id, key, createRevision, blob, at, user, verb, requestId, checksum] = columnsFound as Columns;
      const value = blob ?? undefined;
      if (checksumOf(id, key, createRevision, value) !== checksum) {
        throw new DamagedError(`the checksum of ${key} at revision ${revisionOf(id)} is wrong`);
      }
      yield {
        revision: revisionOf(id),
        key,
        createRevision,
        value,
        provenance: { at, user, verb, requestId },
      };
    }
  }

  #transact(body: () => void): void {
    this.#database.exec("BEGIN IMMEDIATE");
    try {
      body();
      this.#database.exec("COMMIT");
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
      throw error;
    }
  }
}

type Columns = [number, string, number, Uint8Array | null, number, string, string, string, number];

function firstId(revision: Revision): number {
  return revision * places;
}

function revisionOf(id: number): Revision {
  return Math.floor(id / places);
}

function checksumOf(
  id: number,
  key: string,
  createRevision: Revision,
  value: Uint8Array | undefined,
): number {
  return crc32(value ?? "", crc32(`${id} ${createRevision} ${value ? "put" : "delete"} ${key}`));
}
