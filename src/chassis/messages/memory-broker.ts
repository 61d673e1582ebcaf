import { type Clock, systemClock, type Timer } from "#base";
import type { Broker, SubscribeOptions, Subscription } from "./broker.ts";
import { delayMsOf, keyOf, type Message } from "./message.ts";
import { retryDelayMs } from "./retry-delay.ts";

export interface MemoryBroker extends Broker {
  /** Resolves when nothing is left to be handled now; what waits for another attempt, or its moment, does not count. */
  idle(): Promise<void>;
}

/** A broker for tests, and for services that all run in this process and may forget what they say when it ends. */
export function memoryBroker({ clock = systemClock }: { readonly clock?: Clock } = {}): MemoryBroker {
  const mailboxes = new Map<string, Mailbox>();
  const deliver = (message: Message) => {
    const delayMs = delayMsOf(message, clock);
    // A clock's longest timer may be shorter than that.
    if (delayMs > 0) clock.setTimer(delayMs, () => deliver(message), { unref: true });
    else for (const mailbox of mailboxes.values()) if (mailbox.topic === message.topic) mailbox.put(message);
  };
  return {
    async publish(messages) {
      for (const message of messages) deliver(message);
    },
    async subscribe(options) {
      const name = `${options.topic} ${options.subscriber}`;
      const mailbox = mailboxes.get(name) ?? new Mailbox(options.topic, clock);
      mailboxes.set(name, mailbox);
      return mailbox.open(options);
    },
    async idle() {
      while ([...mailboxes.values()].some(({ running }) => running.size > 0))
        await Promise.allSettled([...mailboxes.values()].flatMap(({ running }) => [...running]));
    },
  };
}

/** What one subscriber has not handled yet, by key. A key is handled by one reader at a time. */
class Mailbox {
  readonly topic: string;
  readonly running = new Set<Promise<void>>();
  readonly #clock: Clock;
  readonly #lines = new Map<string, Line>();
  readonly #readers: Reader[] = [];

  constructor(topic: string, clock: Clock) {
    this.topic = topic;
    this.#clock = clock;
  }

  put(message: Message): void {
    const key = keyOf(message);
    const line = this.#lines.get(key) ?? { waiting: [], attempt: 1, taken: false };
    this.#lines.set(key, line);
    line.waiting.push(message);
    this.#start(key, line);
  }

  open(options: SubscribeOptions): Subscription {
    const closing = new AbortController();
    const reader: Reader = { options, signal: closing.signal, running: new Set() };
    this.#readers.push(reader);
    for (const [key, line] of this.#lines) this.#start(key, line);
    return {
      close: async () => {
        const at = this.#readers.indexOf(reader);
        if (at >= 0) this.#readers.splice(at, 1);
        closing.abort(new Error(`the subscription of ${options.subscriber} is closed`));
        await Promise.allSettled(reader.running);
      },
    };
  }

  #start(key: string, line: Line): void {
    const reader = this.#readers[0];
    if (line.taken || line.retry || !reader) return;
    line.taken = true;
    // Readers take turns.
    this.#readers.push(this.#readers.shift() as Reader);
    const running = this.#handle(key, line, reader).finally(() => {
      this.running.delete(running);
      reader.running.delete(running);
    });
    this.running.add(running);
    reader.running.add(running);
  }

  async #handle(key: string, line: Line, { options, signal }: Reader): Promise<void> {
    // As if it had come over a wire: the publisher is not called back from within its own call.
    await Promise.resolve();
    while (line.waiting.length > 0 && !signal.aborted) {
      try {
        await options.handle({ message: line.waiting[0] as Message, attempt: line.attempt, signal });
        line.waiting.shift();
        line.attempt = 1;
      } catch {
        const delayMs = (options.retryDelayMs ?? retryDelayMs)(line.attempt);
        line.attempt += 1;
        line.retry = this.#clock.setTimer(delayMs, () => {
          delete line.retry;
          this.#start(key, line);
        });
        break;
      }
    }
    line.taken = false;
    if (line.waiting.length === 0) this.#lines.delete(key);
    else this.#start(key, line);
  }
}

interface Reader {
  readonly options: SubscribeOptions;
  readonly signal: AbortSignal;
  readonly running: Set<Promise<void>>;
}

interface Line {
  readonly waiting: Message[];
  attempt: number;
  taken: boolean;
  /** Set while the first message waits for another attempt. */
  retry?: Timer;
}
