import type { Clock, Random } from "#base";
import { type BreakerEvent, type BreakerState, nextBreakerState } from "./breaker-states.ts";
import { FailureWindow } from "./failure-window.ts";
import { Refusal } from "./failures.ts";
import type { Next, Observe, OutgoingCall } from "./policy.ts";
import { orAborted } from "./timeout.ts";

export interface CircuitSettings {
  readonly failureShare: number;
  readonly leastCalls: number;
  readonly windowMs: number;
  readonly openMs: number;
  readonly longestOpenMs: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly observe: Observe;
}

/** What a call shows. Of one that is `abandoned` nothing is learnt. */
export type Outcome = "fine" | "failed" | "abandoned";

/** A call that was let pass. */
interface Entered {
  /** Whether it is the one that is let through to see. */
  readonly isTry: boolean;
  /** Wants to be told how it went. */
  readonly report: (outcome: Outcome) => void;
}

/** Lets calls pass, or refuses them, by how those before went. */
export class Circuit {
  readonly #settings: CircuitSettings;
  readonly #why: string;
  readonly #window: FailureWindow;
  #state: BreakerState = "closed";
  /** When it was opened or closed last: what was begun before says nothing about afterwards. */
  #era = 0;
  #openUntilMs = 0;
  #vainTries = 0;
  #tryUnderWay = false;

  /** `why`: what those are told who are refused. */
  constructor(settings: CircuitSettings, why: string) {
    this.#settings = settings;
    this.#why = why;
    this.#window = new FailureWindow(settings.windowMs);
  }

  /** `outcomeOf` says what a failure shows. */
  async pass<T>(call: OutgoingCall, next: Next<T>, outcomeOf: (error: unknown) => Outcome): Promise<T> {
    const { isTry, report } = this.#enter(call);
    try {
      // Work that does not listen may never end: no further try would be made.
      const result = await (isTry ? orAborted(next(call), call.signal) : next(call));
      report("fine");
      return result;
    } catch (error) {
      report(outcomeOf(error));
      throw error;
    }
  }

  #enter(call: OutgoingCall): Entered {
    const nowMs = this.#settings.clock.monotonicMs();
    if (this.#state === "open" && nowMs >= this.#openUntilMs) this.#see("waited", call);
    if (this.#state === "open" || this.#tryUnderWay) this.#refuse(call, nowMs);
    this.#tryUnderWay = this.#state === "trying";
    const era = this.#era;
    return {
      isTry: this.#tryUnderWay,
      report: (outcome) => {
        if (era === this.#era) this.#learn(outcome, call);
      },
    };
  }

  #learn(outcome: Outcome, call: OutgoingCall): void {
    this.#tryUnderWay = false;
    if (outcome === "abandoned") return;
    if (this.#state === "trying") this.#see(outcome === "fine" ? "proved" : "disproved", call);
    else this.#count(outcome, call);
  }

  #count(outcome: "fine" | "failed", call: OutgoingCall): void {
    const nowMs = this.#settings.clock.monotonicMs();
    this.#window.add(nowMs, outcome === "failed");
    const { calls, failures } = this.#window.read(nowMs);
    const { leastCalls, failureShare } = this.#settings;
    if (outcome === "failed" && calls >= leastCalls && failures >= failureShare * calls)
      this.#see("tripped", call);
  }

  #refuse(call: OutgoingCall, nowMs: number): never {
    this.#settings.observe("refused by breaker", call);
    const leftMs = Math.max(0, this.#openUntilMs - nowMs);
    throw new Refusal("breaker", 503, `${call.target} is not asked for now: ${this.#why}`, leftMs);
  }

  #see(event: BreakerEvent, call: OutgoingCall): void {
    this.#state = nextBreakerState(this.#state, event);
    this.#era += 1;
    if (this.#state === "open") this.#open(event, call);
    if (this.#state === "closed") {
      this.#vainTries = 0;
      this.#window.clear();
      this.#settings.observe("breaker closed", call);
    }
  }

  #open(event: BreakerEvent, call: OutgoingCall): void {
    const { openMs, longestOpenMs, random, clock, observe } = this.#settings;
    this.#vainTries = event === "disproved" ? this.#vainTries + 1 : 0;
    const boundMs = Math.min(longestOpenMs, openMs * 2 ** this.#vainTries);
    // Between half and all of it: copies that opened together do not try together.
    this.#openUntilMs = clock.monotonicMs() + boundMs * (0.5 + random.float() / 2);
    if (event === "tripped") observe("breaker opened", call);
  }
}
