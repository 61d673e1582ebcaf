import { ApiError, must, unavailable } from "#base";
import { WriteQueue } from "../core/write-queue.ts";
import type { AppendResult, Log, LogBase, LogEntry, LogTail } from "../log.ts";
import type { Revision, Stamp, Transaction, Version } from "../store.ts";
import { errorOf } from "./failures.ts";
import type { DiskState, Failure, WorkerSettings } from "./messages.ts";
import { encodeRows, recordsOf, rowsOf } from "./rows.ts";
import { WorkerThread } from "./worker-thread.ts";

/**
 * A log in an SQLite file, written by a worker thread.
 *
 *   append ─► WriteQueue ─(end of the turn)─► worker: one transaction, one fsync ─► durable ─► tail, then the writers
 */
export class SqliteLog implements Log {
  readonly #queue: WriteQueue;
  readonly #worker: WorkerThread;
  #tail: LogTail | undefined;
  #opened: DiskState | undefined;
  #epoch = 0;
  #scheduled = false;
  /** Why nothing can be written any more. */
  #end: ApiError | undefined;

  constructor(options: { readonly settings: WorkerSettings; readonly stamp: Stamp | undefined }) {
    this.#queue = new WriteQueue({ stamp: options.stamp, head: (key) => this.#tail?.head(key) });
    this.#worker = new WorkerThread(options.settings, {
      onDurable: (revision) =>
        this.#queue.settle(revision, (records) => must(this.#tail, "a tail is followed").onRecords(records)),
      onFailed: (epoch, failure) => this.#failed(epoch, failure),
      onCrash: (error) => this.#stop(error),
    });
  }

  async load(onEntries: (entries: readonly LogEntry[]) => void): Promise<LogBase> {
    const opened = must(await this.#worker.ask({ type: "open" }), "the store was opened");
    await this.#worker.ask({ type: "load", revision: opened.base }, (rows) => {
      const entries: LogEntry[] = [];
      for (const { key, value, createRevision, revision } of rows) {
        entries.push({
          key,
          value: must(value, "a living key has a value"),
          createRevision,
          modRevision: revision,
        });
      }
      onEntries(entries);
    });
    this.#queue.restart(opened.base);
    this.#opened = opened;
    return { revision: opened.base, current: opened.current };
  }

  tail(after: Revision, tail: LogTail): void {
    this.#tail = tail;
    if (after === this.#opened?.current) return;
    const read = this.#worker.ask({ type: "read", after }, (rows) => {
      const records = recordsOf(rows);
      this.#queue.restart(must(records.at(-1), "what is handed over is not empty").revision);
      tail.onRecords(records);
    });
    read.then(
      () => {},
      (error: Error) => this.#stop(error),
    );
  }

  append(transaction: Transaction): Promise<AppendResult> {
    if (this.#end) return Promise.reject(this.#end);
    const result = this.#queue.append(transaction);
    if (!this.#scheduled) {
      this.#scheduled = true;
      // After the turn in which every socket that has something to say was read: they share a write.
      setImmediate(() => this.#flush());
    }
    return result;
  }

  currentRevision(): Promise<Revision> {
    return Promise.resolve(this.#queue.durable);
  }

  async compact(revision: Revision): Promise<void> {
    await this.#worker.ask({ type: "compact", revision });
  }

  /** Forgets what was replaced before a time (ms since the epoch), or so long ago that `bytes` were written since. */
  async retain(options: { readonly before: number; readonly bytes: number }): Promise<void> {
    await this.#worker.ask({ type: "retain", ...options });
  }

  async history(key: string, limit: number): Promise<Version[]> {
    const versions: Version[] = [];
    await this.#worker.ask({ type: "history", key, limit }, (rows) => {
      for (const { revision, provenance, value } of rows) versions.push({ revision, provenance, value });
    });
    return versions;
  }

  async close(): Promise<void> {
    this.#end ??= unavailable("the store is closed");
    this.#flush();
    await this.#worker.close();
    // Whoever is left was neither written nor refused: the thread has crashed.
    this.#queue.fail(this.#end);
    this.#tail?.onEnd(undefined);
    this.#tail = undefined;
  }

  #flush(): void {
    this.#scheduled = false;
    const records = this.#queue.takeUnsent();
    const last = records.at(-1);
    if (!last) return;
    const rows = encodeRows(rowsOf(records));
    this.#worker.append({ type: "append", rows, revision: last.revision, epoch: this.#epoch });
  }

  #failed(epoch: number, failure: Failure): void {
    if (epoch !== this.#epoch) return;
    this.#epoch += 1;
    if (failure.final) this.#stop(errorOf(failure));
    else this.#queue.fail(errorOf(failure));
  }

  #stop(error: Error): void {
    this.#end ??= error instanceof ApiError ? error : unavailable(error.message, error);
    this.#queue.fail(this.#end);
    this.#tail?.onEnd(this.#end);
    this.#tail = undefined;
  }
}
