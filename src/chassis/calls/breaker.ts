import { type Clock, type Random, systemClock, systemRandom } from "#base";
import { Problem } from "../http/problem.ts";
import { type BreakerEvent, type BreakerState, nextBreakerState } from "./breaker-states.ts";
import { FailureWindow } from "./failure-window.ts";
import { isTrouble, Refusal } from "./failures.ts";
import { limits } from "./limits.ts";
import { type Observe, type OutgoingCall, type Policy, unobserved } from "./policy.ts";
import { RecentDurations } from "./recent-durations.ts";
import { orAborted } from "./timeout.ts";

export interface BreakerOptions {
  /** The share of failures, from 0 to 1, at which it opens. */
  readonly failureShare?: number;
  /** Calls within the window that it wants to have seen before it judges. */
  readonly leastCalls?: number;
  readonly windowMs?: number;
  /** How long it stays open. It doubles each time that trying was in vain, up to `longestOpenMs`. */
  readonly openMs?: number;
  readonly longestOpenMs?: number;
  readonly clock?: Clock;
  readonly random?: Random;
  readonly observe?: Observe;
}

/**
 * A circuit breaker for each place that is asked. When too many calls to a place fail, further ones are refused at once, with a problem 503: the
 * caller does not wait for what will fail, and the place gets time to recover. Then single calls are let through, until one goes well.
 */
export function breaker(options: BreakerOptions = {}): Policy {
  const settings: Settings = {
    failureShare: limits.breakerShare,
    leastCalls: limits.breakerCalls,
    windowMs: limits.breakerWindowMs,
    openMs: limits.breakerOpenMs,
    longestOpenMs: limits.breakerLongestOpenMs,
    clock: systemClock,
    random: systemRandom,
    observe: unobserved,
    ...options,
  };
  const circuits = new Map<string, Circuit>();
  const circuitOf = (place: string) => {
    const circuit = circuits.get(place) ?? new Circuit(settings);
    // The last in order is the one that was heard of last.
    circuits.delete(place);
    circuits.set(place, circuit);
    if (circuits.size > limits.breakerPlaces) circuits.delete(circuits.keys().next().value as string);
    return circuit;
  };
  return async (call, next) => {
    const circuit = circuitOf(call.place ?? "");
    const { isTry, report } = circuit.enter(call);
    try {
      // Work that does not listen may never end: no further try would be made.
      const result = await (isTry ? orAborted(next(call), call.signal) : next(call));
      report("fine");
      return result;
    } catch (error) {
      report(outcomeOf(error, call));
      throw error;
    }
  };
}

type Settings = Required<BreakerOptions>;

type Outcome = "fine" | "failed" | "late" | "abandoned";

/** A call that was let pass. */
interface Entered {
  /** Whether it is the one that is let through to see. */
  readonly isTry: boolean;
  /** Wants to be told how it went. */
  readonly report: (outcome: Outcome) => void;
}

/** Of a caller who has gone, and of a call that was not let out, nothing is learnt. */
function outcomeOf(error: unknown, { signal }: OutgoingCall): Outcome {
  if (error instanceof Refusal || (signal.aborted && !(error instanceof Problem))) return "abandoned";
  // To be asked less is what 429 is about: the rate is to be kept, nothing is broken.
  if (error instanceof Problem && error.status === 504) return "late";
  return isTrouble(error) && !(error instanceof Problem && error.status === 429) ? "failed" : "fine";
}

/** What is known of one place. */
class Circuit {
  readonly #settings: Settings;
  readonly #window: FailureWindow;
  readonly #durations = new RecentDurations();
  #state: BreakerState = "closed";
  /** When it was opened or closed last: what was begun before says nothing about afterwards. */
  #era = 0;
  #openUntilMs = 0;
  #vainTries = 0;
  #tryUnderWay = false;

  constructor(settings: Settings) {
    this.#settings = settings;
    this.#window = new FailureWindow(settings.windowMs);
  }

  /** Lets a call pass, or refuses it. */
  enter(call: OutgoingCall): Entered {
    const nowMs = this.#settings.clock.monotonicMs();
    if (this.#state === "open" && nowMs >= this.#openUntilMs) this.#see("waited", call);
    if (this.#state === "open" || this.#tryUnderWay) this.#refuse(call, nowMs);
    this.#tryUnderWay = this.#state === "trying";
    const era = this.#era;
    return {
      isTry: this.#tryUnderWay,
      report: (outcome) => {
        if (outcome === "fine") this.#durations.add(this.#settings.clock.monotonicMs() - nowMs);
        if (era === this.#era) this.#learn(this.#judge(outcome, call.deadlineMs - nowMs), call);
      },
    };
  }

  /** A deadline that has passed says that the place is slow; unless it was so near that an answer usually takes longer: a stranger may have set it. */
  #judge(outcome: Outcome, grantedMs: number): Exclude<Outcome, "late"> {
    if (outcome !== "late") return outcome;
    return grantedMs < (this.#durations.quantile(0.95) ?? 0) ? "abandoned" : "failed";
  }

  #learn(outcome: Exclude<Outcome, "late">, call: OutgoingCall): void {
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
    throw new Refusal("breaker", 503, `${call.target} is not asked for now: it failed too often`, leftMs);
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
