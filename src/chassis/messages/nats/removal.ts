import type { JetStreamManager } from "@nats-io/jetstream";
import { type Clock, type Logger, messageOf } from "#base";
import { limits } from "../limits.ts";
import type { Cells } from "./cells.ts";
import { streamOf, subjectOf } from "./names.ts";

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

  async remove(topic: string): Promise<void> {
    const { manager, cells } = this.#options;
    for (const [partition, position] of await cells.handledByAll(topic)) {
      const subject = subjectOf(topic, partition);
      if (position <= (this.#removed.get(subject) ?? 0)) continue;
      await manager.streams.purge(streamOf(topic), { filter: subject, seq: position + 1 });
      this.#removed.set(subject, position);
    }
  }

  close(): void {
    for (const timer of this.#planned.values()) timer.cancel();
  }
}
