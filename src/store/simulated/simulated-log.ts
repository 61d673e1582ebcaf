import { ApiError, unavailable } from "#base";
import { WriteQueue } from "../core/write-queue.ts";
import type { AppendResult, Log, LogBase, LogEntry, LogRecord, LogTail } from "../log.ts";
import type { Revision, Stamp, Transaction, Version } from "../store.ts";
import type { Disk } from "./simulated-disk.ts";

/**
 * The log of the simulator: what `sqlite-log.ts` does with a thread and a file, with a simulated disk. Commits that come while one
 * write is under way share the next.
 */
export class SimulatedLog implements Log {
  readonly #disk: Disk;
  readonly #queue: WriteQueue;
  #replayed: LogRecord[] = [];
  #tail: LogTail | undefined;
  #isWriting = false;
  #isScheduled = false;
  #isClosed = false;

  constructor(options: { readonly disk: Disk; readonly stamp?: Stamp | undefined }) {
    this.#disk = options.disk;
    this.#queue = new WriteQueue({ stamp: options.stamp, head: (key) => this.#tail?.head(key) });
  }

  load(onEntries: (entries: readonly LogEntry[]) => void): Promise<LogBase> {
    const base = this.#disk.read(onEntries, (records) => {
      this.#replayed = [...records];
    });
    this.#queue.restart(base.revision);
    return Promise.resolve(base);
  }

  tail(_after: Revision, tail: LogTail): void {
    this.#tail = tail;
    const last = this.#replayed.at(-1);
    if (!last) return;
    this.#queue.restart(last.revision);
    tail.onRecords(this.#replayed);
    this.#replayed = [];
  }

  append(transaction: Transaction): Promise<AppendResult> {
    if (this.#isClosed) return Promise.reject(closed());
    const result = this.#queue.append(transaction);
    this.#schedule();
    return result;
  }

  currentRevision(): Promise<Revision> {
    return Promise.resolve(this.#queue.durable);
  }

  /** The disk keeps the last state and a bounded tail: there is nothing to forget. */
  compact(): Promise<void> {
    return Promise.resolve();
  }

  history(): Promise<Version[]> {
    return Promise.reject(new ApiError("NotFound", "the simulated disk keeps no history"));
  }

  close(): Promise<void> {
    if (this.#isClosed) return Promise.resolve();
    this.#isClosed = true;
    this.#queue.fail(closed());
    this.#tail?.onEnd(undefined);
    this.#tail = undefined;
    return Promise.resolve();
  }

  /** In a microtask: commits of one turn share a write. */
  #schedule(): void {
    if (this.#isWriting || this.#isScheduled) return;
    this.#isScheduled = true;
    queueMicrotask(() => {
      this.#isScheduled = false;
      this.#write();
    });
  }

  #write(): void {
    const records = this.#queue.takeUnsent();
    const last = records.at(-1);
    if (!last) return;
    this.#isWriting = true;
    this.#disk.write(records, {
      onDurable: () => {
        this.#isWriting = false;
        if (this.#isClosed) return;
        this.#queue.settle(last.revision, (settled) => this.#tail?.onRecords(settled));
        this.#schedule();
      },
      onRefused: (error) => {
        this.#isWriting = false;
        if (!this.#isClosed) this.#queue.fail(error);
      },
    });
  }
}

function closed(): ApiError {
  return unavailable("the store is closed");
}
