import { type ConsumerMessages, DeliverPolicy, type JetStreamClient } from "@nats-io/jetstream";
import type { Clock, Logger } from "#base";
import { pause } from "../../database/persist.ts";
import type { SubscribeOptions } from "../broker.ts";
import { limits } from "../limits.ts";
import { unlessAborted } from "../unless-aborted.ts";
import type { Cells, SeenCell } from "./cells.ts";
import { type Letter, Lines } from "./lines.ts";
import { streamOf, subjectOf, subscriberHeader } from "./names.ts";

export interface PartitionOptions {
  readonly jetstream: JetStreamClient;
  readonly cells: Cells;
  readonly clock: Clock;
  readonly log: Logger;
  readonly subscribe: SubscribeOptions;
  readonly partition: number;
  /** The cell, as this copy has claimed it. */
  readonly claimed: SeenCell;
  /** Aborted with the connection. */
  readonly lost: AbortSignal;
  readonly putAside: (letter: Letter) => Promise<void>;
  /** Called when the cell remembers more than before. */
  readonly onKept: () => void;
}

/**
 * Reads a partition that this copy owns, from where its cell says, and writes down in the cell how far it got. It ends
 * when it is released, when the connection is lost, and when the cell turns out to belong to another copy.
 */
export class PartitionReader {
  /** Resolves when no handler runs any more. Rejects with what ended it, unless it was released. */
  readonly ended: Promise<void>;
  readonly #options: PartitionOptions;
  readonly #releasing = new AbortController();
  readonly #failing = new AbortController();
  readonly #stopped: AbortSignal;
  readonly #lines: Lines;
  #revision: number;
  #changed = Promise.withResolvers<void>();

  constructor(options: PartitionOptions) {
    this.#options = options;
    this.#revision = options.claimed.revision;
    this.#stopped = AbortSignal.any([this.#releasing.signal, this.#failing.signal, options.lost]);
    this.#lines = new Lines({
      subscribe: options.subscribe,
      clock: options.clock,
      log: options.log,
      signal: this.#stopped,
      from: options.claimed.cell,
      putAside: options.putAside,
      onChange: () => this.#changed.resolve(),
    });
    this.ended = this.#run();
  }

  /** Takes nothing more, finishes what runs, and gives the partition to whoever wants it. */
  async release(): Promise<void> {
    this.#releasing.abort(new Error("the partition is handed over"));
    await this.ended;
  }

  async #run(): Promise<void> {
    const { lost } = this.#options;
    // What breaks off because it is to end has not failed.
    const fail = (error: unknown) => {
      if (!this.#stopped.aborted) this.#failing.abort(error);
    };
    await Promise.all([this.#read().catch(fail), this.#keep().catch(fail)]);
    await this.#lines.settled();
    lost.throwIfAborted();
    await this.#write("");
    this.#failing.signal.throwIfAborted();
  }

  async #read(): Promise<void> {
    const signal = this.#stopped;
    const opening = this.#open();
    // Also one that opens only when nobody waits for it any more is closed.
    const stop = () => opening.then((messages) => messages.stop()).catch(() => {});
    signal.addEventListener("abort", stop, { once: true });
    const messages = await unlessAborted(signal, opening);
    stopWhenSilent(messages);
    for await (const { seq, data, headers } of messages) {
      const addressee = headers?.get(subscriberHeader) || undefined;
      await this.#lines.put({ sequence: seq, bytes: data, addressee });
    }
    if (!this.#stopped.aborted) throw new Error("the server that reads a partition for us is silent");
  }

  async #open(): Promise<ConsumerMessages> {
    const { jetstream, subscribe, partition, claimed } = this.#options;
    const consumer = await jetstream.consumers.get(streamOf(subscribe.topic), {
      filter_subjects: subjectOf(subscribe.topic, partition),
      deliver_policy: DeliverPolicy.StartSequence,
      opt_start_seq: claimed.cell.position + 1,
    });
    return consumer.consume({ max_messages: limits.prefetch, idle_heartbeat: limits.heartbeatMs });
  }

  /** Writes the cell whenever there is more to remember, but not for every message. */
  async #keep(): Promise<void> {
    const { clock, claimed } = this.#options;
    const signal = this.#stopped;
    const stopped = new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      signal.addEventListener("abort", () => resolve(), { once: true });
    });
    while (!signal.aborted) {
      await Promise.race([this.#changed.promise, stopped]);
      await pause(clock, limits.keepMs, signal);
      if (signal.aborted) return;
      this.#changed = Promise.withResolvers();
      await this.#write(claimed.cell.owner);
    }
  }

  async #write(owner: string): Promise<void> {
    const { cells, subscribe, partition, lost } = this.#options;
    const seen: SeenCell = { cell: { owner, ...this.#lines.record() }, revision: this.#revision };
    this.#revision = await unlessAborted(
      lost,
      cells.write(subscribe.topic, subscribe.subscriber, partition, seen),
    );
    this.#options.onKept();
  }
}

/**
 * Of a consumer on a server that died nobody says that it is gone, and the client would ask for it until that server is
 * back. A new one is made where somebody answers.
 */
async function stopWhenSilent(messages: ConsumerMessages): Promise<void> {
  for await (const { type } of messages.status()) if (type === "heartbeats_missed") messages.stop();
}
