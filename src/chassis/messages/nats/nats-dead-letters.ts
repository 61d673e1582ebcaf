import {
  type DirectMsgRequest,
  JetStreamApiCodes,
  JetStreamApiError,
  type JetStreamClient,
  type JetStreamManager,
  RetentionPolicy,
  StorageType,
  type StoredMsg,
} from "@nats-io/jetstream";
import { headers } from "@nats-io/transport-node";
import type { Clock } from "#base";
import type { Reader } from "../broker.ts";
import type { CloudEvent } from "../cloud-event.ts";
import type { DeadLetter, DeadLetters, WhichLetters } from "../dead-letters.ts";
import { limits } from "../limits.ts";
import type { OnConnection } from "./connection.ts";
import type { Letter } from "./lines.ts";
import {
  isLetterOf,
  letterSubject,
  lettersStream,
  partitionOf,
  subjectOf,
  subscriberHeader,
} from "./names.ts";
import { keepStream, takeOut } from "./streams.ts";

export interface NatsDeadLettersOptions {
  readonly jetstream: JetStreamClient;
  readonly manager: JetStreamManager;
  readonly clock: Clock;
  readonly replicas: number;
  readonly onConnection: OnConnection;
  readonly of: Reader;
}

/** What a subscriber has put aside, in a stream that all topics share. It comes to be with the first letter. */
export class NatsDeadLetters implements DeadLetters {
  readonly #options: NatsDeadLettersOptions;

  constructor(options: NatsDeadLettersOptions) {
    this.#options = options;
  }

  /** One that is put aside again, because a copy died before it had written that it was, takes the place of the first. */
  async keep({ sequence, ...letter }: Letter): Promise<void> {
    const { jetstream, manager, clock, replicas, onConnection, of } = this.#options;
    const stored: StoredLetter = { ...letter, putAsideMs: clock.now() };
    await onConnection(async () => {
      await keepStream(manager, {
        name: lettersStream,
        subjects: ["chassis.letters.>"],
        retention: RetentionPolicy.Limits,
        storage: StorageType.File,
        max_msgs_per_subject: 1,
        num_replicas: replicas,
        allow_direct: true,
      });
      await jetstream.publish(letterSubject(of.topic, of.subscriber, sequence), JSON.stringify(stored), {
        timeout: limits.answerMs,
      });
    });
  }

  async list({ limit = limits.lettersShown }: { readonly limit?: number } = {}) {
    const letters: DeadLetter[] = [];
    for await (const { stored, seq } of this.#all()) {
      if (letters.length >= limit) break;
      const { event, attempts, error, putAsideMs } = stored;
      letters.push({
        number: String(seq),
        message: { topic: this.#options.of.topic, event },
        attempts,
        error,
        putAsideAt: new Date(putAsideMs),
      });
    }
    return letters;
  }

  redrive(which: WhichLetters): Promise<number> {
    const { jetstream, of } = this.#options;
    return this.#take(which, async ({ event }, seq) => {
      const addressed = headers();
      addressed.set(subscriberHeader, of.subscriber);
      await jetstream.publish(subjectOf(of.topic, partitionOf(event.partitionkey)), JSON.stringify(event), {
        headers: addressed,
        // Two that do this at once, or one that dies before the removal, send it twice: the server drops the second.
        msgID: `redriven-${seq}`,
        timeout: limits.answerMs,
      });
    });
  }

  discard(which: WhichLetters): Promise<number> {
    return this.#take(which, async () => {});
  }

  async #take(which: WhichLetters, first: (stored: StoredLetter, seq: number) => Promise<void>) {
    const { manager, onConnection } = this.#options;
    let taken = 0;
    for await (const { stored, seq } of which === "all" ? this.#all() : this.#those(which)) {
      await onConnection(async () => {
        await first(stored, seq);
        await takeOut(manager, { stream: lettersStream, seq, how: "erased" });
      });
      taken += 1;
    }
    return taken;
  }

  /** 0, when nothing was ever put aside. */
  async #lastNumber(): Promise<number> {
    const { manager, onConnection } = this.#options;
    return onConnection(async () => {
      const { state } = await manager.streams.info(lettersStream);
      return state.last_seq;
    }).catch((error) => {
      if (isMissing(error)) return 0;
      throw error;
    });
  }

  async *#all(): AsyncGenerator<FoundLetter> {
    const { of } = this.#options;
    const next_by_subj = letterSubject(of.topic, of.subscriber, "*");
    // What comes later is not meant by whoever asks now: what is redriven may be put aside again at once.
    const until = await this.#lastNumber();
    let from = 1;
    while (from <= until) {
      const found = await this.#read({ seq: from, next_by_subj });
      if (!found || found.seq > until) return;
      yield { stored: found.json<StoredLetter>(), seq: found.seq };
      from = found.seq + 1;
    }
  }

  /** Each is read by its number; its subject says whose it is. */
  async *#those(numbers: readonly string[]): AsyncGenerator<FoundLetter> {
    const until = await this.#lastNumber();
    const named = new Set(numbers.filter((number) => /^[1-9][0-9]*$/.test(number)).map(Number));
    for (const seq of [...named].filter((number) => number <= until).sort((a, b) => a - b)) {
      const found = await this.#read({ seq });
      if (found && isLetterOf(this.#options.of, found.subject))
        yield { stored: found.json<StoredLetter>(), seq };
    }
  }

  #read(query: DirectMsgRequest): Promise<StoredMsg | null> {
    const { manager, onConnection } = this.#options;
    return onConnection(() => manager.direct.getMessage(lettersStream, query));
  }
}

interface FoundLetter {
  readonly stored: StoredLetter;
  /** What `DeadLetter.number` is. */
  readonly seq: number;
}

interface StoredLetter extends Omit<Letter, "sequence"> {
  readonly event: CloudEvent;
  readonly putAsideMs: number;
}

function isMissing(error: unknown): boolean {
  return error instanceof JetStreamApiError && error.code === JetStreamApiCodes.StreamNotFound;
}
