import type { Clock } from "#base";

/** One thing that happened: who, and what, in words that a person reads. */
export interface TraceEvent {
  readonly atMs: number;
  readonly part: string;
  readonly text: string;
}

/**
 * All that happened in a run: a hash over everything, and the last events in words. Two runs of one seed have the same hash, or the
 * simulation depends on something that it should not.
 */
export class Trace {
  readonly #clock: Clock;
  readonly #kept: number;
  readonly #last: TraceEvent[] = [];
  #at = 0;
  #high = 0xdeadbeef;
  #low = 0x41c6ce57;
  #events = 0;

  constructor(clock: Clock, kept = 400) {
    this.#clock = clock;
    this.#kept = kept;
  }

  get events(): number {
    return this.#events;
  }

  get hash(): string {
    return [this.#high, this.#low].map((half) => (half >>> 0).toString(16).padStart(8, "0")).join("");
  }

  record(part: string, text: string): void {
    const atMs = this.#clock.monotonicMs();
    this.#events += 1;
    this.#mix(Math.round(atMs * 1000));
    for (let at = 0; at < part.length; at += 1) this.#mix(part.charCodeAt(at));
    for (let at = 0; at < text.length; at += 1) this.#mix(text.charCodeAt(at));
    this.#last[this.#at] = { atMs, part, text };
    this.#at = (this.#at + 1) % this.#kept;
  }

  /** Takes what happened into the hash, without words. */
  mixNumber(value: number): void {
    this.#mix(value);
  }

  mixBytes(bytes: Uint8Array): void {
    let high = this.#high;
    let low = this.#low;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const whole = bytes.length & ~3;
    for (let at = 0; at < bytes.length; at += at < whole ? 4 : 1) {
      const value = at < whole ? view.getInt32(at, true) : (bytes[at] as number);
      high = Math.imul(high ^ value, 2654435761);
      low = Math.imul(low ^ (value + 1), 1597334677);
      high ^= high >>> 15;
      low ^= low >>> 13;
    }
    this.#high = high;
    this.#low = low;
  }

  /** The last events, oldest first. */
  last(count: number): readonly TraceEvent[] {
    return [...this.#last.slice(this.#at), ...this.#last.slice(0, this.#at)].slice(-count);
  }

  /** Two multiplicative hashes side by side. */
  #mix(value: number): void {
    this.#high = Math.imul(this.#high ^ value, 2654435761);
    this.#low = Math.imul(this.#low ^ (value + 1), 1597334677);
    this.#high ^= this.#high >>> 15;
    this.#low ^= this.#low >>> 13;
  }
}

/** `0:12:03.456 scheduler POST /api/… → 201` */
export function formatEvent({ atMs, part, text }: TraceEvent): string {
  return `${formatTime(atMs)} ${part.padEnd(14)} ${text}`;
}

export function formatTime(ms: number): string {
  const two = (value: number) => String(Math.floor(value)).padStart(2, "0");
  const rest = String(Math.floor(ms % 1000)).padStart(3, "0");
  return `${Math.floor(ms / 3_600_000)}:${two((ms / 60_000) % 60)}:${two((ms / 1000) % 60)}.${rest}`;
}
