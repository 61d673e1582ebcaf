import {
  JetStreamApiCodes,
  JetStreamApiError,
  type JetStreamClient,
  type JetStreamManager,
  RetentionPolicy,
  StorageType,
} from "@nats-io/jetstream";
import { RequestError } from "@nats-io/transport-node";
import type { Clock } from "#base";
import { limits } from "../limits.ts";
import { delayMsOf, keyOf, type Message } from "../message.ts";
import { delayedSubject, partitionOf, streamOf, subjectOf } from "./names.ts";
import { keepStream } from "./streams.ts";

export interface TopicsOptions {
  readonly jetstream: JetStreamClient;
  readonly manager: JetStreamManager;
  readonly clock: Clock;
  /** Servers that keep each message. */
  readonly replicas: number;
}

/** The streams that keep topics: one for each that has, or had, a subscriber. */
export class Topics {
  readonly #options: TopicsOptions;

  constructor(options: TopicsOptions) {
    this.#options = options;
  }

  /** From now on what is published is kept. The number of the last message so far. */
  async keep(topic: string): Promise<number> {
    const { manager, replicas } = this.#options;
    const { state } = await keepStream(manager, {
      name: streamOf(topic),
      subjects: [subjectOf(topic, "*"), delayedSubject(topic, "*")],
      retention: RetentionPolicy.Limits,
      storage: StorageType.File,
      num_replicas: replicas,
      // The next message of a subject is asked for that way.
      allow_direct: true,
    });
    return state.last_seq;
  }

  /**
   * Messages of one topic and key, one after the other: were two under way at once, the first could be refused and the
   * second kept. With an `identity` they have names, by which the server drops them when they come again before long.
   */
  async publish(line: readonly Message[], signal: AbortSignal, identity?: string): Promise<void> {
    for (const [at, message] of line.entries()) {
      if (signal.aborted) return;
      const named = identity === undefined ? {} : { msgID: `${identity} ${at}` };
      if (await this.#publish(message, named)) continue;
      // Nobody took it. A topic without a stream has no subscribers; a stream may also just have come to be.
      if (!(await this.#isKept(message.topic))) return;
      if (!(await this.#publish(message, named)))
        throw new Error(`the stream of topic ${message.topic} is away`);
    }
  }

  /** Whether it is kept; not, when nobody listens. */
  async #publish(message: Message, named: { readonly msgID?: string }): Promise<boolean> {
    const { clock, jetstream } = this.#options;
    const subject =
      delayMsOf(message, clock) > 0
        ? delayedSubject(message.topic, Math.ceil(Date.parse(message.event.notbefore as string) / 1_000))
        : subjectOf(message.topic, partitionOf(keyOf(message)));
    try {
      await jetstream.publish(subject, JSON.stringify(message.event), {
        timeout: limits.answerMs,
        ...named,
      });
      return true;
    } catch (error) {
      if (error instanceof Error && isUnheard(error.cause)) return false;
      throw error;
    }
  }

  async #isKept(topic: string): Promise<boolean> {
    try {
      await this.#options.manager.streams.info(streamOf(topic));
      return true;
    } catch (error) {
      if (error instanceof JetStreamApiError && error.code === JetStreamApiCodes.StreamNotFound) return false;
      throw error;
    }
  }
}

/** The server knows nobody who has subscribed to the subject, and no stream that keeps it. */
function isUnheard(error: unknown): boolean {
  return error instanceof RequestError && error.isNoResponders();
}
