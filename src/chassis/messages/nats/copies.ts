import type { NatsConnection } from "@nats-io/transport-node";
import { RequestError, TimeoutError } from "@nats-io/transport-node";
import type { Clock } from "#base";
import { limits } from "../limits.ts";
import { copiesSubject, copySubject, isCopy } from "./names.ts";
import { parsed } from "./parsed.ts";

/** What the copies of a subscriber tell each other. Nothing depends on its arrival but how soon work is shared. */
interface Word {
  readonly copy: string;
  /** `here`: count me in. `gone`: no more. `free`: I let go of something. */
  readonly says: "here" | "gone" | "free";
}

export interface CopiesOptions {
  readonly nats: NatsConnection;
  readonly clock: Clock;
  readonly topic: string;
  readonly subscriber: string;
  /** This copy. */
  readonly copy: string;
  /** Called when there may be something to take or to give. */
  readonly onChange: () => void;
}

/** The copies of a subscriber that run now, as far as this one has heard. */
export class Copies {
  readonly #options: CopiesOptions;
  readonly #subject: string;
  readonly #heardMs = new Map<string, number>();
  readonly #silentSinceMs = new Map<string, number>();
  readonly #subscriptions;

  constructor(options: CopiesOptions) {
    this.#options = options;
    const { nats, topic, subscriber, copy } = options;
    this.#subject = copiesSubject(topic, subscriber);
    this.#subscriptions = [
      nats.subscribe(copySubject(copy), {
        callback: (_, message) => {
          message.respond();
        },
      }),
      nats.subscribe(this.#subject, {
        callback: (error, message) => {
          const word = wordIn(message.data);
          if (!error && word) this.#hear(word);
        },
      }),
    ];
    this.say("here");
  }

  /** Those that are there beside this one. */
  get others(): readonly string[] {
    const now = this.#options.clock.monotonicMs();
    for (const [copy, heardMs] of this.#heardMs)
      if (now - heardMs > limits.silentMs) this.#heardMs.delete(copy);
    return [...this.#heardMs.keys()];
  }

  say(says: Word["says"]): void {
    const { nats, copy } = this.#options;
    if (!nats.isClosed()) nats.publish(this.#subject, JSON.stringify({ copy, says } satisfies Word));
  }

  /**
   * Whether nobody has to wait for `copy` any more. The server knows at once when its connection is gone; one that
   * hangs on a connection that stands is given some time.
   */
  async isDead(copy: string): Promise<boolean> {
    const { nats, clock } = this.#options;
    try {
      await nats.request(copySubject(copy), "", { timeout: limits.askMs });
      this.#silentSinceMs.delete(copy);
      return false;
    } catch (error) {
      if (error instanceof RequestError && error.isNoResponders()) return this.#bury(copy);
      if (!(error instanceof TimeoutError)) throw error;
      const now = clock.monotonicMs();
      const since = this.#silentSinceMs.get(copy) ?? now;
      this.#silentSinceMs.set(copy, since);
      return now - since >= limits.silentMs && this.#bury(copy);
    }
  }

  close(): void {
    this.say("gone");
    for (const subscription of this.#subscriptions) subscription.unsubscribe();
  }

  #bury(copy: string): true {
    this.#silentSinceMs.delete(copy);
    this.#heardMs.delete(copy);
    return true;
  }

  #hear({ copy, says }: Word): void {
    if (copy === this.#options.copy) return;
    const known = this.#heardMs.has(copy);
    if (says === "gone") this.#heardMs.delete(copy);
    else this.#heardMs.set(copy, this.#options.clock.monotonicMs());
    // A newcomer has not heard of those who were here before.
    if (!known && says !== "gone") this.say("here");
    if (says !== "here" || !known) this.#options.onChange();
  }
}

function wordIn(bytes: Uint8Array): Word | undefined {
  const word = parsed(bytes) as Partial<Word> | null | undefined;
  return isCopy(word?.copy) ? (word as Word) : undefined;
}
