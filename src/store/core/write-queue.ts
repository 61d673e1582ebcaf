import { assert, tooManyRequests } from "#base";
import { limits } from "../limits.ts";
import type { AppendResult, Head, LogChange, LogRecord } from "../log.ts";
import type { Operation, Precondition, Revision, Stamp, Transaction } from "../store.ts";
import { ownedBytes } from "./owned-bytes.ts";

/**
 * Orders the transactions of a log that has one writer: this process. A transaction is judged at once against what
 * is durable *and* what is still on its way to the disk, so that writers need not wait for one another.
 *
 *   append ─► judged, given a revision ─► takeUnsent() ─► … the disk … ─► settle(revision): acknowledged, in order
 *                                                                      └► fail(error): all refused, as if never asked
 */
export class WriteQueue {
  /** Where the keys of what is queued stand when all of it has been written; of all others the tail knows. */
  readonly #heads = new Map<string, QueuedHead>();
  #queue: Item[] = [];
  #unsent: LogRecord[] = [];
  #queuedBytes = 0;
  #durable: Revision = 0;
  #last: Revision = 0;
  readonly #options: WriteQueueOptions;

  constructor(options: WriteQueueOptions) {
    this.#options = options;
  }

  get durable(): Revision {
    return this.#durable;
  }

  /** True when nobody waits. */
  get idle(): boolean {
    return this.#queue.length === 0;
  }

  /** Start-up: the revision to continue from. */
  restart(revision: Revision): void {
    assert(this.idle, "a log with waiting writers cannot be restarted");
    this.#durable = revision;
    this.#last = revision;
  }

  /** Judges and queues a transaction. Resolves by `settle`, rejects by `fail`. */
  append(transaction: Transaction): Promise<AppendResult> {
    const failed = transaction.preconditions.find((precondition) => !this.#holds(precondition));
    if (failed) return this.#refuse(failed);
    const bytes = bytesOf(transaction);
    if (this.#queuedBytes + bytes > limits.queuedBytes) {
      const message = `could not commit: ${this.#queuedBytes} bytes already wait for the disk, try again`;
      return Promise.reject(tooManyRequests(message, limits.retryAfterSeconds));
    }
    this.#last += 1;
    const revision = this.#last;
    const changes = transaction.operations.map((operation) => this.#change(operation, revision));
    const record: LogRecord = { revision, provenance: transaction.provenance, changes };
    this.#unsent.push(record);
    this.#queuedBytes += bytes;
    return this.#enqueue({ revision, record, bytes, result: { committed: true, revision } });
  }

  /** The records to write next, in order. */
  takeUnsent(): LogRecord[] {
    const records = this.#unsent;
    this.#unsent = [];
    return records;
  }

  /** Everything up to `revision` is durable: `deliver` gets the records, then their writers their answers. */
  settle(revision: Revision, deliver: (records: readonly LogRecord[]) => void): void {
    let settled = this.#queue.findIndex((item) => item.revision > revision);
    if (settled < 0) settled = this.#queue.length;
    const items = this.#queue.splice(0, settled);
    this.#durable = revision;
    const records: LogRecord[] = [];
    for (const item of items) {
      this.#queuedBytes -= item.bytes;
      if (item.record) records.push(item.record);
    }
    if (records.length > 0) deliver(records);
    for (const record of records) this.#forgetHeads(record);
    for (const item of items) item.resolve(item.result);
  }

  /** Nothing that waits can be written: takes it all back and refuses it. */
  fail(error: Error): void {
    const items = this.#queue;
    this.#queue = [];
    this.takeUnsent();
    this.#queuedBytes = 0;
    this.#last = this.#durable;
    this.#heads.clear();
    for (const item of items) item.reject(error);
  }

  /** A refusal rests on what is queued: it is told only once that is durable. */
  #refuse(failed: Precondition): Promise<AppendResult> {
    const result: AppendResult = { committed: false, failed };
    if (this.idle) return Promise.resolve(result);
    return this.#enqueue({ revision: this.#last, record: undefined, bytes: 0, result });
  }

  #enqueue(item: Omit<Item, "resolve" | "reject">): Promise<AppendResult> {
    const { promise, resolve, reject } = Promise.withResolvers<AppendResult>();
    this.#queue.push({ ...item, resolve, reject });
    return promise;
  }

  #holds({ key, modRevision }: Precondition): boolean {
    return (this.#head(key)?.modRevision ?? 0) === modRevision;
  }

  #change(operation: Operation, revision: Revision): LogChange {
    const { key } = operation;
    const change: LogChange =
      operation.type === "put"
        ? {
            key,
            value: this.#stamped(operation.value, revision),
            createRevision: this.#head(key)?.createRevision ?? revision,
            memo: operation.memo,
          }
        : { key, value: undefined, createRevision: 0, memo: undefined };
    this.#heads.set(key, {
      createRevision: change.createRevision,
      modRevision: revision,
      lives: change.value !== undefined,
    });
    return change;
  }

  #stamped(value: Uint8Array, revision: Revision): Uint8Array {
    const { stamp } = this.#options;
    return ownedBytes(stamp ? stamp(value, revision) : value);
  }

  #head(key: string): Head | undefined {
    const queued = this.#heads.get(key);
    if (!queued) return this.#options.head(key);
    return queued.lives ? queued : undefined;
  }

  /** What was delivered is known by those that it was delivered to. */
  #forgetHeads({ revision, changes }: LogRecord): void {
    for (const { key } of changes) {
      if (this.#heads.get(key)?.modRevision === revision) this.#heads.delete(key);
    }
  }
}

export interface WriteQueueOptions {
  readonly stamp: Stamp | undefined;
  /** Where a key stands by all that is delivered. */
  readonly head: (key: string) => Head | undefined;
}

/** Where a key stands that may have been deleted. */
interface QueuedHead extends Head {
  readonly lives: boolean;
}

interface Item {
  /** It is settled when this revision is. */
  readonly revision: Revision;
  readonly record: LogRecord | undefined;
  readonly bytes: number;
  readonly result: AppendResult;
  readonly resolve: (result: AppendResult) => void;
  readonly reject: (error: Error) => void;
}

function bytesOf(transaction: Transaction): number {
  return transaction.operations.reduce(
    (sum, operation) =>
      sum + operation.key.length + (operation.type === "put" ? operation.value.byteLength : 0),
    0,
  );
}
