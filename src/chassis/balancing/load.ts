import type { Instance } from "../discovery/instance.ts";
import { limits } from "./limits.ts";
import type { Candidate } from "./strategy.ts";

/** How a request went, as its caller sees it. */
export type Outcome =
  | "well"
  /** The instance is in trouble, or was not reached. */
  | "trouble"
  /** Nobody waited for the end: it took at least so long. */
  | "abandoned";

/** How one instance fares, as one caller sees it. */
export class Load implements Candidate {
  instance: Instance;
  inFlight = 0;
  #latencyMs: number | undefined;
  #observedMs = 0;
  #failures = 0;
  #asideUntilMs = Number.NEGATIVE_INFINITY;

  constructor(instance: Instance) {
    this.instance = instance;
  }

  get weight(): number {
    return this.instance.weight ?? 1;
  }

  get latencyMs(): number | undefined {
    return this.#latencyMs;
  }

  /** Whether it failed so often of late that others are asked. */
  isAside(nowMs: number): boolean {
    return nowMs < this.#asideUntilMs;
  }

  began(): void {
    this.inFlight += 1;
  }

  ended(outcome: Outcome, { nowMs, tookMs }: { nowMs: number; tookMs: number }): void {
    this.inFlight -= 1;
    // A quick failure would make the instance look like the best of all.
    if (outcome === "well" || tookMs > (this.#latencyMs ?? 0)) this.#took(tookMs, nowMs);
    if (outcome === "well") this.#failures = 0;
    if (outcome === "trouble") this.#failed(nowMs);
  }

  /** A mean that forgets with time, and believes at once that things got worse: peak EWMA. */
  #took(tookMs: number, nowMs: number): void {
    const known = this.#latencyMs ?? 0;
    const kept = tookMs > known ? 0 : Math.exp((this.#observedMs - nowMs) / limits.latencyMemoryMs);
    this.#latencyMs = known * kept + tookMs * (1 - kept);
    this.#observedMs = nowMs;
  }

  #failed(nowMs: number): void {
    this.#failures += 1;
    // What was sent before it was put aside, and fails now, says nothing new.
    if (this.#failures < limits.failuresUntilAside || this.isAside(nowMs)) return;
    const doubled = limits.asideMs * 2 ** Math.min(this.#failures - limits.failuresUntilAside, 10);
    this.#asideUntilMs = nowMs + Math.min(doubled, limits.maxAsideMs);
  }
}
