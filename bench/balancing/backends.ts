import type { Clock, Random } from "#base";

/** What a simulated backend is. */
export interface Backend {
  readonly id: string;
  readonly zone: string;
  /** Of one request, exponentially distributed. */
  readonly meanMs: number;
  /** Every so often it does nothing for a while: a collection of garbage, a neighbour. */
  readonly pause?: { readonly everyMs: number; readonly forMs: number };
}

/** Ten that should be alike and are not: six as they should be, two at half speed, one at a fifth, one that pauses. */
export const skewed: readonly Backend[] = [
  ...[1, 2, 3, 4, 5, 6].map((at) => ({ id: `good-${at}`, zone: at % 2 === 0 ? "east" : "west", meanMs: 10 })),
  { id: "half-1", zone: "east", meanMs: 20 },
  { id: "half-2", zone: "west", meanMs: 20 },
  { id: "fifth", zone: "east", meanMs: 50 },
  { id: "pausing", zone: "west", meanMs: 10, pause: { everyMs: 3_000, forMs: 300 } },
];

/** Requests that one works on at once; others wait their turn. */
const lanes = 4;

/** A backend at work, on a clock. */
export class WorkingBackend {
  readonly #backend: Backend;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #freeAtMs: number[] = Array(lanes).fill(0);

  constructor(backend: Backend, { clock, random }: { clock: Clock; random: Random }) {
    this.#backend = backend;
    this.#clock = clock;
    this.#random = random;
  }

  /** When a request that comes now will be answered, from now. */
  answerInMs(): number {
    const now = this.#clock.monotonicMs();
    const lane = this.#freeAtMs.indexOf(Math.min(...this.#freeAtMs));
    const beginMs = Math.max(now, this.#freeAtMs[lane] as number);
    const workMs = -Math.log(1 - this.#random.float()) * this.#backend.meanMs;
    const endMs = this.#afterPause(beginMs, workMs);
    this.#freeAtMs[lane] = endMs;
    return endMs - now;
  }

  #afterPause(beginMs: number, workMs: number): number {
    const { pause } = this.#backend;
    if (!pause) return beginMs + workMs;
    const into = beginMs % pause.everyMs;
    const left = Math.max(0, pause.forMs - into);
    const endMs = beginMs + left + workMs;
    const nextPauseMs = beginMs - into + pause.everyMs;
    return endMs > nextPauseMs ? endMs + pause.forMs : endMs;
  }
}
