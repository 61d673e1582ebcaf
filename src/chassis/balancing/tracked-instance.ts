import { assert, type Clock } from "#base";
import type { Instance } from "../discovery/instance.ts";
import { limits } from "./limits.ts";
import type { Candidate } from "./strategy.ts";

/** What a call shows of an instance's latency. */
export type Seen = { readonly tookMs: number } | { readonly longerThanMs: number };

/** What a client has seen of an instance. */
export class TrackedInstance implements Candidate {
  instance: Instance;
  weight = 1;
  #inFlight = 0;
  #averageMs: number | undefined;
  #averagedAtMs = 0;
  readonly #clock: Clock;

  constructor(instance: Instance, clock: Clock) {
    this.instance = instance;
    this.#clock = clock;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  get latencyMs(): number | undefined {
    return this.#averageMs === undefined ? undefined : this.#averageMs * this.#memory();
  }

  begin(): void {
    this.#inFlight += 1;
  }

  /** Nothing is seen when the call says nothing about the instance: its caller went away. */
  end(seen?: Seen): void {
    this.#inFlight -= 1;
    assert(this.#inFlight >= 0, "calls end as often as they begin");
    if (seen === undefined) return;
    if ("tookMs" in seen) this.#learn(seen.tookMs);
    else if (seen.longerThanMs > (this.latencyMs ?? 0)) this.#learn(seen.longerThanMs);
  }

  #learn(tookMs: number): void {
    // Slowness is believed at once, speed little by little: the one hurts, the other can wait.
    const before = this.#averageMs ?? 0;
    const memory = tookMs > before ? 0 : this.#memory();
    this.#averageMs = before * memory + tookMs * (1 - memory);
    this.#averagedAtMs = this.#clock.monotonicMs();
  }

  #memory(): number {
    return Math.exp((this.#averagedAtMs - this.#clock.monotonicMs()) / limits.latencyMemoryMs);
  }
}
