import { assert } from "#base";
import { limits } from "./limits.ts";

export interface BudgetOptions {
  /** What each call earns. */
  readonly ratio?: number;
  /** What can be saved up, and what there is in the beginning. */
  readonly size?: number;
}

/**
 * What extra work may be made. Each call earns a fraction of an extra one, and there is a bound to what is saved: in any run of calls the extra
 * ones are at most `size + ratio × calls`. So those who are in trouble already are not buried by others' patience.
 */
export class Budget {
  readonly #ratio: number;
  readonly #size: number;
  #saved: number;

  constructor({ ratio = limits.budgetRatio, size = limits.budgetSize }: BudgetOptions = {}) {
    assert(ratio >= 0 && size >= 0, `a budget of ${size} with ${ratio} more per call is none`);
    this.#ratio = ratio;
    this.#size = size;
    this.#saved = size;
  }

  earn(): void {
    this.#saved = Math.min(this.#size, this.#saved + this.#ratio);
  }

  /** Whether there was enough for one. */
  spend(): boolean {
    if (this.#saved < 1) return false;
    this.#saved -= 1;
    return true;
  }
}
