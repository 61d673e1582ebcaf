/** Somewhere that requests wait before they are seen. */
export interface Line {
  /** What one that is seen now has waited there, as far as is known. */
  delayMs(nowMs: number): number;
}

/**
 * How long the requests of one turn of the event loop have waited. Those that arrived while the loop was busy are handed over one after the other in its
 * next turn, each after the work for those before it: what the turn has lasted until then, they have waited at least. No timer is needed for that, and
 * an idle process stays idle.
 */
export class Turn implements Line {
  readonly #atItsEnd: (callback: () => void) => unknown;
  #startedMs: number | undefined;
  readonly #end = () => {
    this.#startedMs = undefined;
  };

  constructor(atItsEnd: (callback: () => void) => unknown = setImmediate) {
    this.#atItsEnd = atItsEnd;
  }

  delayMs(nowMs: number): number {
    if (this.#startedMs === undefined) {
      this.#startedMs = nowMs;
      this.#atItsEnd(this.#end);
    }
    return nowMs - this.#startedMs;
  }
}
