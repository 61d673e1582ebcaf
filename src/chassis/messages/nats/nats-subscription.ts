import type { Clock, Logger, Random } from "#base";
import { persist } from "../../database/persist.ts";
import type { SubscribeOptions, Subscription } from "../broker.ts";
import { Copy } from "./copy.ts";
import type { Link } from "./link.ts";

export interface NatsSubscriptionOptions extends SubscribeOptions {
  readonly link: () => Promise<Link>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

/** A copy of a subscriber for as long as it is open, over however many connections. */
export class NatsSubscription implements Subscription {
  readonly #closing = new AbortController();
  readonly #subscriber: string;
  readonly #ended: Promise<void>;

  constructor({ link, ...options }: NatsSubscriptionOptions) {
    const { topic, subscriber, clock, log } = options;
    this.#subscriber = subscriber;
    const signal = this.#closing.signal;
    this.#ended = persist(
      `the reading of ${topic} by ${subscriber}`,
      { clock, log, signal },
      async (progress) => {
        await new Copy({ ...options, link: await link(), signal, onReading: progress }).run();
      },
    );
  }

  async close(): Promise<void> {
    this.#closing.abort(new Error(`the subscription of ${this.#subscriber} is closed`));
    await this.#ended;
  }
}
