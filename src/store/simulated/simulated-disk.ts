import { type Clock, type Random, unavailable } from "#base";
import { limits } from "../limits.ts";
import type { LogBase, LogEntry, LogRecord } from "../log.ts";
import type { Revision } from "../store.ts";

/** What a log writes to. The simulator wraps it to plant faults that a disk must not have. */
export interface Disk {
  /** Writes records that follow all those written before, and says what became of them: exactly one of the two, once. */
  write(records: readonly LogRecord[], outcome: DiskOutcome): void;
  /** Hands over what is durable as of some revision, then every durable record after it. */
  read(
    onEntries: (entries: readonly LogEntry[]) => void,
    onRecords: (records: readonly LogRecord[]) => void,
  ): LogBase;
}

export interface DiskOutcome {
  /** All of it survives a crash from now on. */
  onDurable(): void;
  /** None of it is on the disk. */
  onRefused(error: Error): void;
}

export interface SimulatedDiskOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** How long an fsync takes, least and most, in milliseconds. */
  readonly fsyncMs?: readonly [number, number];
}

/**
 * A disk without a machine: it outlives the logs that are opened on it, takes its time, can be full, and forgets in a
 * crash what was not synced. A write that a crash interrupts is lost, or there as a whole without anyone having been told.
 */
export class SimulatedDisk implements Disk {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #fsyncMs: readonly [number, number];
  /** The state before the first record that is still kept. */
  readonly #base = new Map<string, LogEntry>();
  #baseRevision: Revision = 0;
  #records: LogRecord[] = [];
  #recordBytes = 0;
  /** Writes under way, in their order. */
  #pending: (readonly LogRecord[])[] = [];
  #busyUntilMs = 0;
  /** Of a crash: what was begun before it has nobody to tell. */
  #epoch = 0;
  #isFull = false;
  /** Multiplies how long an fsync takes. */
  slowness = 1;

  constructor(options: SimulatedDiskOptions) {
    this.#clock = options.clock;
    this.#random = options.random;
    this.#fsyncMs = options.fsyncMs ?? [0.2, 3];
  }

  get isFull(): boolean {
    return this.#isFull;
  }

  fill(): void {
    this.#isFull = true;
  }

  free(): void {
    this.#isFull = false;
  }

  /** The newest durable revision. */
  get revision(): Revision {
    return this.#records.at(-1)?.revision ?? this.#baseRevision;
  }

  write(records: readonly LogRecord[], outcome: DiskOutcome): void {
    const epoch = this.#epoch;
    const [least, most] = this.#fsyncMs;
    const nowMs = this.#clock.monotonicMs();
    const takesMs = (least + this.#random.float() * (most - least)) * this.slowness;
    this.#busyUntilMs = Math.max(this.#busyUntilMs, nowMs) + takesMs;
    this.#pending.push(records);
    this.#clock.setTimer(this.#busyUntilMs - nowMs, () => {
      if (epoch !== this.#epoch) return;
      this.#pending.shift();
      if (this.#isFull) {
        outcome.onRefused(unavailable("could not write to the store: disk full; free space and try again"));
        return;
      }
      this.#keep(records);
      outcome.onDurable();
    });
  }

  read(
    onEntries: (entries: readonly LogEntry[]) => void,
    onRecords: (records: readonly LogRecord[]) => void,
  ): LogBase {
    onEntries([...this.#base.values()]);
    onRecords(this.#records);
    return { revision: this.#baseRevision, current: this.revision };
  }

  /** Whoever wrote has ended without warning: of what was under way the first writes may be there, none after one that is not. */
  crash(): void {
    this.#epoch += 1;
    this.#busyUntilMs = 0;
    const interrupted = this.#pending;
    this.#pending = [];
    if (this.#isFull) return;
    for (const records of interrupted) {
      if (this.#random.float() < 0.5) return;
      this.#keep(records);
    }
  }

  #keep(records: readonly LogRecord[]): void {
    for (const record of records) {
      this.#records.push(record);
      this.#recordBytes += bytesOf(record);
    }
    if (this.#records.length < 2 * limits.replayedCommits && this.#recordBytes < 2 * limits.replayedBytes)
      return;
    while (this.#records.length > limits.replayedCommits || this.#recordBytes > limits.replayedBytes) {
      this.#fold(this.#records.shift() as LogRecord);
    }
  }

  #fold(record: LogRecord): void {
    this.#recordBytes -= bytesOf(record);
    this.#baseRevision = record.revision;
    for (const { key, value, createRevision } of record.changes) {
      if (value === undefined) this.#base.delete(key);
      else this.#base.set(key, { key, value, createRevision, modRevision: record.revision });
    }
  }
}

function bytesOf(record: LogRecord): number {
  return record.changes.reduce((sum, { value }) => sum + (value?.byteLength ?? 0), 0);
}
