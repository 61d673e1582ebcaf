import type { JetStreamManager } from "@nats-io/jetstream";
import { type Clock, type Logger, messageOf } from "#base";
import { limits } from "../limits.ts";
import type { Cells } from "./cells.ts";
import { streamOf, subjectOf } from "./names.ts";
import { takeOut } from "./streams.ts";

export interface RemovalOptions {
  readonly manager: JetStreamManager;
  readonly cells: Cells;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Removes what every subscriber of a topic has handled, now and then. What fails is done the next time. */
export class Removal {
  readonly #options: RemovalOptions;
  readonly #planned = new Map<string, { cancel(): void }>();
  /** By subject, up to where it was removed already. */
  readonly #removed = new Map<string, number>();

  constructor(options: RemovalOptions) {
    this.#options = options;
  }

  /** Some of the topic was handled: looks, before long, what nobody needs any more. */
  plan(topic: string): void {
    if (this.#planned.has(topic)) return;
    const { clock, log } = this.#options;
    const look = () => {
      this.#planned.delete(topic);
      this.remove(topic).catch((error) =>
        log.warn(`handled messages of ${topic} could not be removed: ${messageOf(error)}`),
      );
    };
    this.#planned.set(topic, clock.setTimer(limits.removalMs, look, { unref: true }));
  }

  /**
   * The stream's last message is always left: servers of 2.9 that are killed with an empty stream number it from 1 again, and what has a number that
   * cells have behind them would be handled by nobody.
   */
  async remove(topic: string): Promise<void> {
    const { manager, cells } = this.#options;
    const stream = streamOf(topic);
    const positions = await cells.handledByAll(topic);
    const { state, config } = await manager.streams.info(stream);
    const removals = [...positions].map(async ([partition, position]) => {
      const subject = subjectOf(topic, partition);
      const last = Math.min(position, state.last_seq - 1);
      if (last <= (this.#removed.get(subject) ?? 0)) return;
      if (config.num_replicas === 1) await manager.streams.purge(stream, { filter: subject, seq: last + 1 });
      else await this.#deleteEach(stream, subject, last);
      this.#removed.set(subject, last);
    });
    await Promise.all(removals);
  }

  /**
   * One of several servers of 2.9 that comes back reads in its log that there was a purge, and not of what: it would take every message away that had been
   * there then, and be asked for them later. It begins with the first there is: what a server could not take out, or did not know yet, is seen again.
   */
  async #deleteEach(stream: string, subject: string, last: number): Promise<void> {
    const { manager } = this.#options;
    for (let next = 1; ; ) {
      const found = await manager.direct.getMessage(stream, { seq: next, next_by_subj: subject });
      if (!found || found.seq > last) return;
      await takeOut(manager, { stream, seq: found.seq, how: "marked" });
      next = found.seq + 1;
    }
  }

  close(): void {
    for (const timer of this.#planned.values()) timer.cancel();
  }
}
