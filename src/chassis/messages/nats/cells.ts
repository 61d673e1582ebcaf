import { JetStreamApiCodes, JetStreamApiError, type JetStreamClient } from "@nats-io/jetstream";
import { type KV, Kvm } from "@nats-io/kv";
import { bucket, cellKey, cellKeys } from "./names.ts";
import type { ProgressRecord } from "./progress.ts";

/** What is known of one subscriber's reading of one partition. */
export interface Cell extends ProgressRecord {
  /** The copy that handles it; nobody, when it is empty. */
  readonly owner: string;
  /** Messages that failed: how often, and when (wall time) they are tried again. */
  readonly failed: readonly Failed[];
}

export interface Failed {
  readonly sequence: number;
  readonly attempts: number;
  readonly dueMs: number;
}

/** A cell as it was read. It is only ever replaced by who has seen its latest revision. */
export interface SeenCell {
  readonly cell: Cell;
  readonly revision: number;
}

/** The cell was replaced by somebody else: whoever wrote last does not own it any more. */
export class Superseded extends Error {}

export class Cells {
  readonly #values: KV;

  constructor(values: KV) {
    this.#values = values;
  }

  /** Lets a subscriber begin behind `position`, unless it has begun already. */
  async begin(topic: string, subscriber: string, partition: number, position: number): Promise<void> {
    const cell: Cell = { owner: "", position, handled: [], failed: [] };
    await this.#values.create(cellKey(topic, subscriber, partition), JSON.stringify(cell)).catch((error) => {
      if (!isConflict(error)) throw error;
    });
  }

  async read(topic: string, subscriber: string, partition: number): Promise<SeenCell> {
    const key = cellKey(topic, subscriber, partition);
    const entry = await this.#values.get(key);
    if (!entry) throw new Error(`the cell ${key} of the bucket "${bucket}" is gone`);
    return { cell: entry.json<Cell>(), revision: entry.revision };
  }

  /** The revision of what is written. */
  async write(
    topic: string,
    subscriber: string,
    partition: number,
    { cell, revision }: SeenCell,
  ): Promise<number> {
    const key = cellKey(topic, subscriber, partition);
    try {
      return await this.#values.update(key, JSON.stringify(cell), revision);
    } catch (error) {
      if (isConflict(error)) throw new Superseded(`the cell ${key} has another owner`, { cause: error });
      throw error;
    }
  }

  /** For each partition of a topic, up to where every subscriber has handled it. */
  async handledByAll(topic: string): Promise<ReadonlyMap<number, number>> {
    const positions = new Map<number, number>();
    const entries = await this.#values.watch({ key: cellKeys(topic) });
    for await (const entry of entries) {
      const partition = Number(entry.key.split(".").at(-1));
      const { position } = entry.json<Cell>();
      positions.set(partition, Math.min(position, positions.get(partition) ?? position));
      if (entry.delta === 0) break;
    }
    return positions;
  }
}

/** The bucket of cells and marks; made, when there is none. */
export function openBucket(jetstream: JetStreamClient, replicas: number): Promise<KV> {
  return new Kvm(jetstream).create(bucket, { history: 1, replicas });
}

export function isConflict(error: unknown): boolean {
  return error instanceof JetStreamApiError && error.code === JetStreamApiCodes.StreamWrongLastSequence;
}
