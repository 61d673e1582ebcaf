import { setImmediate as nextTurn } from "node:timers/promises";
import type { Clock } from "#base";
import { sliceMs } from "../limits.ts";

/** Work on many things that lets others have a turn now and then. */
export class Slice {
  readonly #clock: Clock;
  #count = 0;
  #end: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#end = clock.monotonicMs() + sliceMs;
  }

  /** True when the slice's time is used up. Looks at the clock only every so many times. */
  isOver(every = 16): boolean {
    this.#count += 1;
    return this.#count % every === 0 && this.#clock.monotonicMs() >= this.#end;
  }

  async pause(): Promise<void> {
    await nextTurn();
    this.#end = this.#clock.monotonicMs() + sliceMs;
  }
}
