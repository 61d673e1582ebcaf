import { type Clock, type Logger, messageOf, must, type Timer } from "#base";
import type { Delivery, SubscribeOptions } from "../broker.ts";
import type { CloudEvent } from "../cloud-event.ts";
import { limits } from "../limits.ts";
import { retryDelayMs } from "../retry-delay.ts";
import { judge } from "../verdict.ts";
import type { Cell, Failed } from "./cells.ts";
import { Progress } from "./progress.ts";
import { storedEvent } from "./stored-event.ts";

/** A message of a partition as it was read. */
export interface Arrival {
  readonly sequence: number;
  readonly bytes: Uint8Array;
  /** The subscriber whom alone it concerns; undefined: all. */
  readonly addressee?: string | undefined;
}

/** What is to be kept of a message that is put aside. */
export interface Letter {
  readonly sequence: number;
  readonly event: CloudEvent;
  readonly attempts: number;
  readonly error: string;
}

export interface LinesOptions {
  readonly subscribe: SubscribeOptions;
  readonly clock: Clock;
  readonly log: Logger;
  /** Aborted when nothing more may be begun. */
  readonly signal: AbortSignal;
  readonly from: Cell;
  /** Resolves when it is kept. */
  readonly putAside: (letter: Letter) => Promise<void>;
  /** Called when there is more to remember than before. */
  readonly onChange: () => void;
}

/** The messages of a partition that are in hand, in a line for each key. Keys are handled side by side. */
export class Lines {
  readonly #options: LinesOptions;
  readonly #progress: Progress;
  readonly #failed: Map<number, Failed>;
  readonly #lines = new Map<string, Line>();
  /** Lines that could go on, were not as many running as may. */
  readonly #ready = new Set<Line>();
  readonly #running = new Set<Promise<void>>();
  #count = 0;
  #bytes = 0;
  #room = Promise.withResolvers<void>();

  constructor(options: LinesOptions) {
    this.#options = options;
    this.#progress = new Progress(options.from);
    this.#failed = new Map(options.from.failed.map((failed) => [failed.sequence, failed]));
    options.signal.addEventListener("abort", () => this.#stop(), { once: true });
  }

  /** Resolves when there is room for the next. */
  async put({ sequence, bytes, addressee }: Arrival): Promise<void> {
    const { signal, subscribe } = this.#options;
    if (signal.aborted || !this.#progress.take(sequence)) return;
    if (addressee !== undefined && addressee !== subscribe.subscriber) return this.#passOver(sequence);
    const event = storedEvent(bytes);
    if (!event) return this.#leaveOut(sequence);
    const line = this.#lines.get(event.partitionkey) ?? { key: event.partitionkey, waiting: [] };
    this.#lines.set(line.key, line);
    line.waiting.push({ sequence, event, bytes: bytes.length });
    this.#count += 1;
    this.#bytes += bytes.length;
    if (line.waiting.length === 1) this.#begin(line);
    while (!signal.aborted && (this.#count >= limits.window || this.#bytes >= limits.partitionBytes))
      await this.#room.promise;
  }

  /** What is no event cannot be handled, tried again or put aside. */
  #leaveOut(sequence: number): void {
    const { log, subscribe } = this.#options;
    const { topic, subscriber } = subscribe;
    log.error("what is no event is left out", { topic, subscriber, sequence });
    this.#passOver(sequence);
  }

  #passOver(sequence: number): void {
    this.#progress.handle(sequence);
    this.#options.onChange();
  }

  /** What has to be remembered of all this. */
  record(): Omit<Cell, "owner"> {
    return { ...this.#progress.record(), failed: [...this.#failed.values()] };
  }

  /** Resolves when no handler runs any more. */
  async settled(): Promise<void> {
    while (this.#running.size > 0) await Promise.allSettled(this.#running);
  }

  /**
   * The first of a line: at once, or when it is due for another attempt. That moment may be from a copy whose clock is ahead, so nothing waits for longer
   * than its delay.
   */
  #begin(line: Line): void {
    const { clock, subscribe } = this.#options;
    const failed = this.#failed.get(first(line).sequence);
    const delayMs = subscribe.retryDelayMs ?? retryDelayMs;
    const waitMs = failed ? Math.min(failed.dueMs - clock.now(), delayMs(failed.attempts)) : 0;
    if (waitMs <= 0) this.#start(line);
    else
      line.retry = clock.setTimer(waitMs, () => {
        delete line.retry;
        this.#start(line);
      });
  }

  #start(line: Line): void {
    if (this.#running.size >= limits.keysAtOnce) {
      this.#ready.add(line);
      return;
    }
    const running = this.#handle(line).finally(() => {
      this.#running.delete(running);
      const [next] = this.#ready;
      if (!next) return;
      this.#ready.delete(next);
      this.#start(next);
    });
    this.#running.add(running);
  }

  async #handle(line: Line): Promise<void> {
    const { subscribe, signal, clock, onChange } = this.#options;
    while (line.waiting.length > 0 && !signal.aborted) {
      const { sequence, event, bytes } = first(line);
      const attempt = (this.#failed.get(sequence)?.attempts ?? 0) + 1;
      const delayMs = await this.#try(sequence, {
        message: { topic: subscribe.topic, event },
        attempt,
        signal,
      });
      if (delayMs === "handled elsewhere") return;
      if (delayMs !== undefined) {
        this.#failed.set(sequence, { sequence, attempts: attempt, dueMs: clock.now() + delayMs });
        onChange();
        if (!signal.aborted) this.#begin(line);
        return;
      }
      line.waiting.shift();
      this.#failed.delete(sequence);
      this.#progress.handle(sequence);
      this.#count -= 1;
      this.#bytes -= bytes;
      this.#makeRoom();
      onChange();
    }
    if (line.waiting.length === 0) this.#lines.delete(line.key);
  }

  /** After how long the message is to be tried again; undefined when it is handled, or put aside. */
  async #try(sequence: number, delivery: Delivery): Promise<number | "handled elsewhere" | undefined> {
    const { subscribe, putAside, log } = this.#options;
    try {
      await subscribe.handle(delivery);
      return undefined;
    } catch (error) {
      const verdict = judge(error, delivery, subscribe);
      if (verdict.becomes === "retried") return verdict.delayMs;
      if (verdict.becomes === "handled elsewhere") return verdict.becomes;
      const { topic, subscriber } = subscribe;
      const { attempt: attempts, message } = delivery;
      const { event } = message;
      const fields = { topic, subscriber, type: event.type, id: event.id, attempts };
      try {
        await putAside({ sequence, event, attempts, error: verdict.error });
      } catch (unkept) {
        log.warn(`${event.type} could not be put aside, and is tried again: ${messageOf(unkept)}`, fields);
        return (subscribe.retryDelayMs ?? retryDelayMs)(attempts);
      }
      log.error(`${event.type} is put aside: ${verdict.error}`, fields);
      return undefined;
    }
  }

  #makeRoom(): void {
    this.#room.resolve();
    this.#room = Promise.withResolvers();
  }

  #stop(): void {
    for (const { retry } of this.#lines.values()) retry?.cancel();
    this.#ready.clear();
    this.#makeRoom();
  }
}

interface Line {
  readonly key: string;
  readonly waiting: { readonly sequence: number; readonly event: CloudEvent; readonly bytes: number }[];
  /** Set while the first message waits for another attempt. */
  retry?: Timer;
}

function first(line: Line) {
  return must(line.waiting[0], "a line that goes on has a first message");
}
