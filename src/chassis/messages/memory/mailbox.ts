import { type Clock, type Logger, must, type Timer } from "#base";
import { runForNobody } from "../../telemetry/mod.ts";
import type { Reader, SubscribeOptions, Subscription } from "../broker.ts";
import type { DeadLetter, DeadLetters, WhichLetters } from "../dead-letters.ts";
import { limits } from "../limits.ts";
import { keyOf, type Message } from "../message.ts";
import { judge } from "../verdict.ts";

export interface MailboxOptions {
  readonly of: Reader;
  readonly clock: Clock;
  readonly log: Logger;
}

/** What one subscriber has not handled yet, by key, and what it has put aside. A key is handled by one copy at a time. */
export class Mailbox implements DeadLetters {
  readonly of: Reader;
  readonly running = new Set<Promise<void>>();
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #lines = new Map<string, Line>();
  readonly #copies: Copy[] = [];
  #letters: DeadLetter[] = [];
  #numbered = 0;

  constructor({ of, clock, log }: MailboxOptions) {
    this.of = of;
    this.#clock = clock;
    this.#log = log;
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
    const copy: Copy = { options, signal: closing.signal, running: new Set() };
    this.#copies.push(copy);
    for (const [key, line] of this.#lines) this.#start(key, line);
    return {
      close: async () => {
        const at = this.#copies.indexOf(copy);
        if (at >= 0) this.#copies.splice(at, 1);
        closing.abort(new Error(`the subscription of ${options.subscriber} is closed`));
        await Promise.allSettled(copy.running);
      },
    };
  }

  async list({ limit = limits.lettersShown }: { readonly limit?: number } = {}) {
    return this.#letters.slice(0, limit);
  }

  async redrive(which: WhichLetters): Promise<number> {
    const letters = this.#take(which);
    for (const { message } of letters) this.put(message);
    return letters.length;
  }

  async discard(which: WhichLetters): Promise<number> {
    return this.#take(which).length;
  }

  #take(which: WhichLetters): readonly DeadLetter[] {
    const isMeant = ({ number }: DeadLetter) => which === "all" || which.includes(number);
    const taken = this.#letters.filter(isMeant);
    this.#letters = this.#letters.filter((letter) => !isMeant(letter));
    return taken;
  }

  #start(key: string, line: Line): void {
    const copy = this.#copies[0];
    if (line.taken || line.retry || !copy) return;
    line.taken = true;
    // Copies take turns.
    this.#copies.push(this.#copies.shift() as Copy);
    // Whoever publishes may be gone before it is handled, and its deadline passed.
    const running = runForNobody(() => this.#handle(key, line, copy)).finally(() => {
      this.running.delete(running);
      copy.running.delete(running);
    });
    this.running.add(running);
    copy.running.add(running);
  }

  async #handle(key: string, line: Line, { options, signal }: Copy): Promise<void> {
    // As if it had come over a wire: the publisher is not called back from within its own call.
    await Promise.resolve();
    while (line.waiting.length > 0 && !signal.aborted) {
      const delivery = {
        message: must(line.waiting[0], "a line that goes on has a first message"),
        attempt: line.attempt,
        signal,
      };
      try {
        await options.handle(delivery);
      } catch (error) {
        const verdict = judge(error, delivery, options);
        if (verdict.becomes === "handled elsewhere") break;
        if (verdict.becomes === "retried") {
          line.attempt += 1;
          line.retry = this.#clock.setTimer(verdict.delayMs, () => {
            delete line.retry;
            this.#start(key, line);
          });
          break;
        }
        this.#putAside(delivery.message, delivery.attempt, verdict.error);
      }
      line.waiting.shift();
      line.attempt = 1;
    }
    line.taken = false;
    if (line.waiting.length === 0) this.#lines.delete(key);
    else this.#start(key, line);
  }

  #putAside(message: Message, attempts: number, error: string): void {
    this.#numbered += 1;
    const putAsideAt = new Date(this.#clock.now());
    this.#letters.push({ number: String(this.#numbered), message, attempts, error, putAsideAt });
    const { type, id } = message.event;
    this.#log.error(`${type} is put aside: ${error}`, { ...this.of, type, id, attempts });
  }
}

interface Copy {
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
