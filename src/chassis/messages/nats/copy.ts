import { assert, type Clock, type Logger, type Random } from "#base";
import { pause } from "../../database/persist.ts";
import type { SubscribeOptions } from "../broker.ts";
import { limits } from "../limits.ts";
import { plan } from "./assignment.ts";
import { changeCopies, goneOf, parseCopies } from "./copies.ts";
import type { Entry, Link } from "./link.ts";
import { copySubject, parseRecordKey, partitions, recordKey, token } from "./names.ts";
import { Partition, type PartitionRecord } from "./partition.ts";
import type { Position } from "./progress.ts";

export interface CopyOptions extends SubscribeOptions {
  readonly link: Link;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** Called when it has joined the others. */
  readonly onReading: () => void;
}

/**
 * One copy of a subscriber on one connection: it joins the others, takes the partitions that are its due, gives away
 * those that no longer are, and buries its dead neighbour.
 *
 * ```
 *  records of the topic, watched ──▶ view ──▶ plan() ──▶ take: swap the record's owner, read on from its position
 *                                                   └──▶ release: finish what is in hand, write the position, no owner
 * ```
 */
export class Copy {
  readonly #options: CopyOptions;
  readonly #id: string;
  readonly #ending = new AbortController();
  readonly #signal: AbortSignal;
  /** Of every subscriber of the topic, by key: their positions say what may be removed. */
  readonly #records = new Map<string, { readonly record: PartitionRecord; readonly revision: number }>();
  readonly #held = new Map<number, Partition>();
  readonly #moving = new Map<number, Promise<void>>();
  #copies: readonly string[] = [];

  constructor(options: CopyOptions) {
    this.#options = options;
    this.#id = options.random.uuid();
    this.#signal = AbortSignal.any([options.signal, options.link.lost, this.#ending.signal]);
  }

  /** Resolves when it has let go of everything; rejects when it had to. */
  async run(): Promise<void> {
    const { link, topic, signal } = this.#options;
    const silence = link.answer(copySubject(this.#id));
    try {
      await this.#join();
      const entries = await link.records().watch(topic);
      const stop = () => entries.stop();
      this.#signal.addEventListener("abort", stop);
      const beside = [this.#watchNeighbour(), this.#removeHandled()];
      for await (const entry of entries) {
        if (this.#signal.aborted) break;
        this.#see(entry);
      }
      stop();
      if (!this.#signal.aborted)
        this.#ending.abort(new Error(`the records of ${topic} are no longer heard of`));
      await Promise.all(beside);
    } finally {
      await this.#leave();
      silence();
    }
    if (!signal.aborted) this.#signal.throwIfAborted();
  }

  async #join(): Promise<void> {
    const { link } = this.#options;
    const copies = await changeCopies(link, this.#options, (others) => [...others, this.#id]);
    await this.#bury(
      await goneOf(
        link,
        copies.filter((id) => id !== this.#id),
      ),
    );
  }

  async #leave(): Promise<void> {
    await Promise.all(this.#moving.values());
    await Promise.all([...this.#held.values()].map((partition) => partition.release()));
    if (!this.#options.link.lost.aborted)
      await this.#bury([this.#id]).catch((error) => this.#options.log.warn("a copy left unheard", { error }));
  }

  async #bury(dead: readonly string[]): Promise<void> {
    if (dead.length === 0) return;
    await changeCopies(this.#options.link, this.#options, (copies) =>
      copies.filter((id) => !dead.includes(id)),
    );
  }

  #see({ key, text, revision, current }: Entry): void {
    const { subscriber, part } = parseRecordKey(key);
    if (part !== "copies") {
      this.#records.set(key, { record: JSON.parse(text) as PartitionRecord, revision });
    } else if (subscriber === token(this.#options.subscriber)) {
      const copies = parseCopies(text);
      if (this.#copies.includes(this.#id) && !copies.includes(this.#id))
        this.#fail(new Error("the other copies have given this one up"));
      this.#copies = copies;
    }
    if (!current) return;
    this.#options.onReading();
    this.#settle();
  }

  /** Does what is to be done, one thing at a time for each partition. */
  #settle(): void {
    if (!this.#copies.includes(this.#id) || this.#signal.aborted) return;
    const owners = Array.from({ length: partitions }, (_, at) => this.#recordOf(at)?.record.owner);
    const { take, release } = plan({ me: this.#id, copies: this.#copies, owners });
    for (const partition of take) this.#move(partition, () => this.#take(partition));
    for (const partition of release) this.#move(partition, () => this.#release(partition));
  }

  #move(partition: number, action: () => Promise<void>): void {
    if (this.#moving.has(partition)) return;
    const moving = action()
      .catch((error) => this.#fail(error))
      .finally(() => {
        this.#moving.delete(partition);
        this.#settle();
      });
    this.#moving.set(partition, moving);
  }

  async #take(partition: number): Promise<void> {
    const { link, topic, subscriber } = this.#options;
    const known = this.#recordOf(partition);
    assert(known, "an owner stands in a record");
    const { position } = known.record;
    const key = recordKey(topic, subscriber, partition);
    const record: PartitionRecord = { owner: this.#id, position };
    const revision = await link.records().swap(key, JSON.stringify(record), known.revision);
    if (revision === undefined || this.#held.has(partition)) return;
    this.#records.set(key, { record, revision });
    this.#held.set(
      partition,
      new Partition({
        ...this.#options,
        partition,
        owner: this.#id,
        position,
        revision,
        signal: this.#signal,
        onFailure: (error) => this.#fail(error),
      }),
    );
  }

  async #release(partition: number): Promise<void> {
    const held = this.#held.get(partition);
    if (!held) return;
    await held.release();
    this.#held.delete(partition);
  }

  #fail(error: unknown): void {
    this.#ending.abort(error);
  }

  #recordOf(partition: number) {
    return this.#records.get(recordKey(this.#options.topic, this.#options.subscriber, partition));
  }

  /** Each looks after the next in the ring, so nobody has to look after all. */
  async #watchNeighbour(): Promise<void> {
    const { link, clock } = this.#options;
    let silences = 0;
    for (;;) {
      await pause(clock, limits.copyCheckMs, this.#signal);
      if (this.#signal.aborted) return;
      const neighbour = this.#copies[(this.#copies.indexOf(this.#id) + 1) % this.#copies.length];
      if (!neighbour || neighbour === this.#id) continue;
      try {
        const answer = await link.ask(copySubject(neighbour));
        silences = answer === "silent" ? silences + 1 : 0;
        if (answer === "gone" || silences >= limits.copySilences) await this.#bury([neighbour]);
      } catch (error) {
        this.#fail(error);
      }
    }
  }

  /** Now and then removes what all subscribers have handled. */
  async #removeHandled(): Promise<void> {
    const { link, topic, clock } = this.#options;
    const removed = new Map<number, number>();
    for (;;) {
      await pause(clock, limits.natsPurgeMs, this.#signal);
      if (this.#signal.aborted) return;
      const due = [...this.#held.keys()].flatMap((partition) => {
        const before = Math.min(...this.#positionsOf(partition).map(firstNeeded));
        return before > (removed.get(partition) ?? before - 1) ? { partition, before } : [];
      });
      if (due.length === 0) continue;
      try {
        // A subscriber that this copy has not heard of yet began after what it has heard of was published.
        const keys = await link.records().keys(topic);
        if (keys.some((key) => parseRecordKey(key).part !== "copies" && !this.#records.has(key))) continue;
        for (const { partition, before } of due) {
          await link.purge(topic, partition, before);
          removed.set(partition, before);
        }
      } catch (error) {
        this.#fail(error);
      }
    }
  }

  #positionsOf(partition: number): readonly Position[] {
    return [...this.#records]
      .filter(([key]) => parseRecordKey(key).part === String(partition))
      .map(([, { record }]) => record.position);
  }
}

function firstNeeded({ upTo, open }: Position): number {
  return open[0]?.[0] ?? upTo + 1;
}
