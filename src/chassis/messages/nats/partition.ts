import { type Clock, type Logger, messageOf } from "#base";
import type { SubscribeOptions } from "../broker.ts";
import type { CloudEvent } from "../cloud-event.ts";
import { limits } from "../limits.ts";
import { Lines } from "../lines.ts";
import { keyOf, type Message } from "../message.ts";
import { retryDelayMs } from "../retry-delay.ts";
import type { Link, Reading } from "./link.ts";
import { recordKey } from "./names.ts";
import { type Position, Progress } from "./progress.ts";

/** What is kept of a partition: who reads it, and how far. Its revision is the fence: who lost it cannot write it. */
export interface PartitionRecord {
  readonly owner?: string;
  readonly position: Position;
}

export interface PartitionOptions extends SubscribeOptions {
  readonly link: Link;
  readonly partition: number;
  readonly owner: string;
  readonly position: Position;
  readonly revision: number;
  readonly clock: Clock;
  readonly log: Logger;
  /** Aborted when nothing is to be begun any more. */
  readonly signal: AbortSignal;
  /** Called once, when it cannot go on. */
  readonly onFailure: (error: unknown) => void;
}

/** One partition in the hands of one copy: it reads, has handled, and writes down how far it is. */
export class Partition {
  readonly #options: PartitionOptions;
  readonly #progress: Progress;
  readonly #stopping = new AbortController();
  readonly #signal: AbortSignal;
  readonly #lines: Lines<Held>;
  readonly #reading: Promise<void>;
  #source: Reading | undefined;
  #revision: number;
  #writing: Promise<void> | undefined;
  #changed = false;

  constructor(options: PartitionOptions) {
    this.#options = options;
    this.#revision = options.revision;
    this.#progress = new Progress(options.position);
    this.#signal = AbortSignal.any([options.signal, options.link.lost, this.#stopping.signal]);
    const { topic, handle, clock, retryDelayMs: delayMs = retryDelayMs } = options;
    this.#lines = new Lines<Held>({
      handle: ({ event }, attempt) => handle({ message: { topic, event }, attempt, signal: this.#signal }),
      handled: ({ sequence }) => this.#note(() => this.#progress.handled(sequence)),
      failed: ({ sequence }, next) => this.#note(() => this.#progress.failed(sequence, next)),
      retryDelayMs: delayMs,
      clock,
      signal: this.#signal,
    });
    this.#reading = this.#read().catch((error) => this.#fail(error));
  }

  get position(): Position {
    return this.#progress.position();
  }

  /** Finishes what is in hand, writes down how far it came, and lets others have it. */
  async release(): Promise<void> {
    this.#stopping.abort(new Error(`partition ${this.#options.partition} is given to another copy`));
    await this.#source?.stop();
    await this.#reading;
    await this.#lines.finished();
    await this.#writing;
    if (this.#options.link.lost.aborted) return;
    await this.#write({ position: this.position }).catch((error) => this.#fail(error));
  }

  async #read(): Promise<void> {
    const { link, topic, partition, log } = this.#options;
    this.#source = await link.read(topic, partition, this.#progress.from);
    if (this.#signal.aborted) return this.#source.stop();
    for await (const { sequence, text } of this.#source) {
      if (this.#signal.aborted) return;
      const attempt = this.#progress.read(sequence);
      if (attempt === 0) continue;
      const event = parse(text);
      if (event) {
        const key = keyOf({ topic, event } satisfies Message);
        this.#lines.add(key, { sequence, event }, { attempt, bytes: text.length });
        await this.#lines.room({ count: limits.prefetch, bytes: limits.natsReadBytes });
      } else {
        log.error(`what is no event was published to ${topic}, and is passed over`, { topic, sequence });
        this.#note(() => this.#progress.handled(sequence));
      }
    }
    if (!this.#signal.aborted) throw new Error(`the reading of partition ${partition} of ${topic} has ended`);
  }

  #note(change: () => void): void {
    change();
    this.#changed = true;
    // While one is written, the next gathers.
    this.#writing ??= this.#writeAll().finally(() => {
      this.#writing = undefined;
    });
  }

  async #writeAll(): Promise<void> {
    // What is noted in the same turn is written in one.
    await null;
    while (this.#changed && !this.#options.link.lost.aborted) {
      this.#changed = false;
      try {
        await this.#write({ owner: this.#options.owner, position: this.position });
      } catch (error) {
        this.#fail(error);
        return;
      }
    }
  }

  async #write(record: PartitionRecord): Promise<void> {
    const { link, topic, subscriber, partition } = this.#options;
    const key = recordKey(topic, subscriber, partition);
    const revision = await link.records().swap(key, JSON.stringify(record), this.#revision);
    if (revision === undefined)
      throw new Error(`partition ${partition} of ${topic} was taken by another copy of ${subscriber}`);
    this.#revision = revision;
  }

  #fail(error: unknown): void {
    if (this.#signal.aborted) return;
    this.#stopping.abort(new Error(`partition ${this.#options.partition} is lost: ${messageOf(error)}`));
    this.#options.onFailure(error);
  }
}

interface Held {
  readonly sequence: number;
  readonly event: CloudEvent;
}

/** Anybody may publish to a subject. */
function parse(text: string): CloudEvent | undefined {
  try {
    const event = JSON.parse(text) as Partial<CloudEvent> | null;
    return typeof event?.partitionkey === "string" ? (event as CloudEvent) : undefined;
  } catch {
    return undefined;
  }
}
