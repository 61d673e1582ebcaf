import type { JetStreamClient, JetStreamManager } from "@nats-io/jetstream";
import { type KV, Kvm } from "@nats-io/kv";
import { bucket, bucketStream, cellKey, cellKeyOf, cellSubjects } from "./names.ts";
import type { ProgressRecord } from "./progress.ts";
import { isConflict, swap } from "./swap.ts";

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
class Superseded extends Error {}

export class Cells {
  readonly #values: KV;
  readonly #manager: JetStreamManager;

  constructor(values: KV, manager: JetStreamManager) {
    this.#values = values;
    this.#manager = manager;
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

  /** The cell with its new owner, unless somebody else was quicker. */
  async claim(
    topic: string,
    subscriber: string,
    partition: number,
    owner: string,
    seen: SeenCell,
  ): Promise<SeenCell | undefined> {
    const cell = { ...seen.cell, owner };
    const key = cellKey(topic, subscriber, partition);
    const value = JSON.stringify(cell);
    const revision = await swap(this.#values, { key, value, revision: seen.revision });
    return revision === undefined ? undefined : { cell, revision };
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
    const { state } = await this.#manager.streams.info(bucketStream, {
      subjects_filter: cellSubjects(topic),
    });
    const keys = Object.keys(state.subjects ?? {}).map(cellKeyOf);
    for (const entry of await Promise.all(keys.map((key) => this.#values.get(key)))) {
      // One that was deleted is of a subscriber that was given up.
      if (entry?.operation !== "PUT") continue;
      const partition = Number(entry.key.split(".").at(-1));
      const { position } = entry.json<Cell>();
      positions.set(partition, Math.min(position, positions.get(partition) ?? position));
    }
    return positions;
  }
}

/**
 * The bucket of cells and marks; made, when there is none. Its leader alone is asked: another replica may not know yet of a
 * subscriber, and what that needs would be removed.
 */
export function openBucket(jetstream: JetStreamClient, replicas: number): Promise<KV> {
  return new Kvm(jetstream).create(bucket, { history: 1, replicas, allow_direct: false });
}
