import type { PodDisruptionBudget } from "#api";
import { type Clock, must } from "#base";
import { keyOf } from "#client";

/** Tells how long this process has known of an eviction that a budget notes, in milliseconds. `since`: the time that the note bears. */
export type KnownForMs = (pod: string, since: string) => number;

/**
 * When each note in a budget was first seen, by this process' own clock. The API server writes the time of its own into it; clocks of machines are
 * not compared: one that is minutes behind would have evictions given back to the budget while they are still under way.
 */
export class NotedDisruptions {
  readonly #clock: Clock;
  readonly #seenAtMs = new Map<string, Map<string, number>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Takes in what the budget notes now, forgets what it does not any more. */
  look(budget: PodDisruptionBudget): KnownForMs {
    const key = keyOf(budget);
    const nowMs = this.#clock.monotonicMs();
    const before = this.#seenAtMs.get(key);
    const seen = new Map<string, number>();
    for (const [pod, since] of Object.entries(budget.status?.disruptedPods ?? {})) {
      const note = `${pod} ${since}`;
      seen.set(note, before?.get(note) ?? nowMs);
    }
    if (seen.size > 0) this.#seenAtMs.set(key, seen);
    else this.#seenAtMs.delete(key);
    return (pod, since) => nowMs - must(seen.get(`${pod} ${since}`), "what a budget notes was looked at");
  }

  forget(key: string): void {
    this.#seenAtMs.delete(key);
  }
}
