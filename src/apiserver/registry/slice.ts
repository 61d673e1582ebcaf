import { setImmediate as nextTurn } from "node:timers/promises";
import type { Clock } from "#base";
import { sliceMs } from "../limits.ts";

/** Work on many things, or on a large one, that lets others have a turn now and then. */
export class Slice {
  readonly #clock: Clock;
  #end = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.restart();
  }

  /** To be called when the work goes on after it has waited for something: others had their turn. */
  restart(): void {
    this.#end = this.#clock.monotonicMs() + sliceMs;
  }

  /** True when the slice's time is used up. */
  isOver(): boolean {
    return this.#clock.monotonicMs() >= this.#end;
  }

  async pause(): Promise<void> {
    await nextTurn();
    this.restart();
  }
}
