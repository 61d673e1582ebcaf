import type { JetStreamClient, JetStreamManager } from "@nats-io/jetstream";
import { type Clock, type Logger, messageOf, type Random } from "#base";
import { pause, persist } from "../../database/persist.ts";
import type { SubscribeOptions, Subscription } from "../broker.ts";
import { limits } from "../limits.ts";
import { unlessAborted } from "../unless-aborted.ts";
import type { Cells, SeenCell } from "./cells.ts";
import type { Connection } from "./connection.ts";
import { Copies } from "./copies.ts";
import { publishDelayed } from "./delayed.ts";
import type { NatsDeadLetters } from "./nats-dead-letters.ts";
import { PartitionReader } from "./partition-reader.ts";
import type { Removal } from "./removal.ts";

export interface NatsSubscriptionOptions {
  readonly connection: Connection;
  readonly jetstream: JetStreamClient;
  readonly manager: JetStreamManager;
  readonly cells: Cells;
  readonly removal: Removal;
  readonly letters: NatsDeadLetters;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly subscribe: SubscribeOptions;
}

/** One copy of a subscriber. For as long as a connection stands it is one member of the copies; with the next, a new one. */
export class NatsSubscription implements Subscription {
  readonly #options: NatsSubscriptionOptions;
  readonly #closing = new AbortController();
  readonly #ended: Promise<void>;

  constructor(options: NatsSubscriptionOptions) {
    this.#options = options;
    const { clock, log, subscribe } = options;
    this.#ended = persist(
      `the reading of ${subscribe.topic} by ${subscribe.subscriber}`,
      { clock, log, signal: this.#closing.signal },
      (progress) => this.#member(progress),
    );
  }

  async close(): Promise<void> {
    this.#closing.abort(new Error(`the subscription of ${this.#options.subscribe.subscriber} is closed`));
    await this.#ended;
  }

  async #member(progress: () => void): Promise<void> {
    const { connection } = this.#options;
    await connection.up(this.#closing.signal);
    const member = new Member(this.#options, connection.lost);
    try {
      await member.run(this.#closing.signal, progress);
    } finally {
      await member.leave();
    }
  }
}

/** A copy on one connection: it takes its share of the partitions, and gives away what is more than that. */
class Member {
  readonly #options: NatsSubscriptionOptions;
  readonly #name: string;
  readonly #lost: AbortSignal;
  /** Aborted to look again. */
  #look = new AbortController();
  readonly #copies: Copies;
  readonly #readers = new Map<number, PartitionReader>();
  #delayed: Promise<void> | undefined;
  #left = false;

  constructor(options: NatsSubscriptionOptions, lost: AbortSignal) {
    this.#options = options;
    this.#name = options.random.uuid();
    this.#lost = lost;
    const { clock, connection, subscribe } = options;
    const { topic, subscriber } = subscribe;
    this.#copies = new Copies({
      nats: connection.nats,
      clock,
      topic,
      subscriber,
      copy: this.#name,
      onChange: () => this.#look.abort(),
    });
  }

  async run(closing: AbortSignal, progress: () => void): Promise<void> {
    while (!closing.aborted) {
      this.#look = new AbortController();
      await unlessAborted(this.#lost, this.#balance());
      progress();
      const signal = AbortSignal.any([closing, this.#lost, this.#look.signal]);
      await pause(this.#options.clock, limits.safetyLookMs, signal);
      this.#lost.throwIfAborted();
      if (!this.#look.signal.aborted) this.#copies.say("here");
    }
  }

  /** Resolves when nothing of it runs any more. */
  async leave(): Promise<void> {
    this.#left = true;
    await Promise.allSettled([...this.#readers.values()].map((reader) => reader.release()));
    await this.#delayed;
    this.#copies.close();
  }

  async #balance(): Promise<void> {
    // Those that are gone without a word share no more, and what they had is everybody's.
    const dead = new Map(this.#copies.others.map((copy) => [copy, this.#copies.isDead(copy)]));
    await Promise.all(dead.values());
    const share = Math.ceil(limits.partitions / (this.#copies.others.length + 1));
    const surplus = [...this.#readers].slice(share);
    await Promise.all(surplus.map(([, reader]) => reader.release()));
    for (const [partition] of surplus) this.#readers.delete(partition);
    if (surplus.length > 0) this.#copies.say("free");
    const others = Array.from({ length: limits.partitions }, (_, partition) => partition).filter(
      (partition) => !this.#readers.has(partition),
    );
    const free = await Promise.all(others.map((partition) => this.#seeFree(partition, dead)));
    const wanted = free.flatMap((seen) => seen ?? []).slice(0, Math.max(0, share - this.#readers.size));
    await Promise.all(wanted.map((seen) => this.#claim(seen)));
  }

  /** The cell of a partition, when nobody has it in hand. */
  async #seeFree(partition: number, dead: Map<string, Promise<boolean>>) {
    const { cells, subscribe } = this.#options;
    const seen = await cells.read(subscribe.topic, subscribe.subscriber, partition);
    const { owner } = seen.cell;
    if (owner !== "" && owner !== this.#name) {
      const isDead = dead.get(owner) ?? this.#copies.isDead(owner);
      dead.set(owner, isDead);
      if (!(await isDead)) return undefined;
    }
    return { partition, ...seen };
  }

  async #claim({ partition, ...seen }: FreePartition): Promise<void> {
    const { connection, cells, jetstream, manager, clock, log, subscribe, removal, letters } = this.#options;
    const claimed = await cells.claim(subscribe.topic, subscribe.subscriber, partition, this.#name, seen);
    // What comes too late stays ours by name only: of a name that answers nobody, others take it.
    if (!claimed || this.#left) return;
    const reader = new PartitionReader({
      jetstream,
      cells,
      clock,
      log,
      subscribe,
      partition,
      claimed,
      lost: this.#lost,
      putAside: (letter) => letters.keep(letter),
      onKept: () => removal.plan(subscribe.topic),
    });
    this.#readers.set(partition, reader);
    const over = new AbortController();
    // Once per subscriber is enough, and once more than needed where a topic has several.
    if (partition === 0)
      this.#delayed = publishDelayed(
        { nats: connection.nats, jetstream, manager, clock, log, topic: subscribe.topic },
        AbortSignal.any([over.signal, this.#lost]),
      );
    reader.ended
      .catch((error) => {
        if (!this.#lost.aborted) log.warn(`partition ${partition} is let go: ${messageOf(error)}`);
      })
      .finally(() => {
        over.abort();
        this.#readers.delete(partition);
        this.#look.abort();
      });
  }
}

interface FreePartition extends SeenCell {
  readonly partition: number;
}
