import type { Clock, Timer } from "#base";

export interface LinesOptions<Item> {
  readonly handle: (item: Item, attempt: number) => Promise<void>;
  readonly handled: (item: Item) => void;
  /** It comes again as attempt `next`, after `retryDelayMs`. */
  readonly failed: (item: Item, next: number) => void;
  readonly retryDelayMs: (attempt: number) => number;
  readonly clock: Clock;
  /** When aborted, nothing is begun any more. */
  readonly signal: AbortSignal;
}

/** What one reader has in hand: a line per key, handled from its front; lines are handled side by side. */
export class Lines<Item> {
  readonly #options: LinesOptions<Item>;
  readonly #lines = new Map<string, Line<Item>>();
  readonly #running = new Set<Promise<void>>();
  #count = 0;
  #bytes = 0;
  #changed = Promise.withResolvers<void>();

  constructor(options: LinesOptions<Item>) {
    this.#options = options;
  }

  /** Puts an item at the end of its key's line. `attempt`: 1, or more for one that has failed elsewhere. */
  add(
    key: string,
    item: Item,
    { attempt, bytes }: { readonly attempt: number; readonly bytes: number },
  ): void {
    const line = this.#lines.get(key) ?? { waiting: [], taken: false };
    this.#lines.set(key, line);
    line.waiting.push({ item, attempt, bytes });
    this.#count += 1;
    this.#bytes += bytes;
    this.#start(key, line);
  }

  /** Resolves when less than that is in hand, or nothing is begun any more. */
  async room({ count, bytes }: { readonly count: number; readonly bytes: number }): Promise<void> {
    while ((this.#count >= count || this.#bytes >= bytes) && !this.#options.signal.aborted)
      await this.#changed.promise;
  }

  /** Once the signal is aborted: resolves when no handler runs. What was not begun is left. */
  async finished(): Promise<void> {
    this.#change();
    for (const line of this.#lines.values()) line.retry?.cancel();
    await Promise.allSettled(this.#running);
  }

  #start(key: string, line: Line<Item>): void {
    if (line.taken || line.retry) return;
    line.taken = true;
    const running = this.#run(key, line).finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  async #run(key: string, line: Line<Item>): Promise<void> {
    const { handle, handled, signal } = this.#options;
    for (let first = line.waiting[0]; first && !signal.aborted; first = line.waiting[0]) {
      try {
        await handle(first.item, first.attempt);
      } catch {
        this.#again(key, line, first);
        return;
      }
      line.waiting.shift();
      this.#count -= 1;
      this.#bytes -= first.bytes;
      handled(first.item);
      this.#change();
    }
    line.taken = false;
    if (line.waiting.length === 0) this.#lines.delete(key);
  }

  #again(key: string, line: Line<Item>, first: Waiting<Item>): void {
    const { failed, retryDelayMs, clock, signal } = this.#options;
    const delayMs = retryDelayMs(first.attempt);
    first.attempt += 1;
    line.taken = false;
    failed(first.item, first.attempt);
    if (signal.aborted) return;
    line.retry = clock.setTimer(delayMs, () => {
      delete line.retry;
      this.#start(key, line);
    });
  }

  #change(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}

interface Waiting<Item> {
  readonly item: Item;
  readonly bytes: number;
  attempt: number;
}

interface Line<Item> {
  readonly waiting: Waiting<Item>[];
  taken: boolean;
  /** Set while the first item waits for another attempt. */
  retry?: Timer;
}
