import { type Clock, type Random, systemClock, systemRandom } from "#base";
import { Problem } from "../http/problem.ts";
import { Circuit, type CircuitSettings, type Outcome } from "./circuit.ts";
import { isTrouble, Refusal } from "./failures.ts";
import { limits } from "./limits.ts";
import { type Next, type Observe, type OutgoingCall, type Policy, unobserved } from "./policy.ts";
import { RecentDurations } from "./recent-durations.ts";

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
  const settings: CircuitSettings = {
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
  const places = new Map<string, Place>();
  const placeOf = (url: string) => {
    const place = places.get(url) ?? new Place(settings);
    // The last in order is the one that was heard of last.
    places.delete(url);
    places.set(url, place);
    if (places.size > limits.breakerPlaces) places.delete(places.keys().next().value as string);
    return place;
  };
  return (call, next) => placeOf(call.place ?? "").ask(call, next);
}

/**
 * What is known of one place. Callers who give less time than answers usually take are judged apart. That they get none says nothing to others, for strangers may
 * set deadlines; nor to one another, while anybody is answered. When nobody is any more, the place may hang, and they are the only ones to see it.
 */
class Place {
  readonly #settings: CircuitSettings;
  readonly #everybody: Circuit;
  #hurried: Circuit | undefined;
  readonly #durations = new RecentDurations();
  #answeredMs = Number.NEGATIVE_INFINITY;

  constructor(settings: CircuitSettings) {
    this.#settings = settings;
    this.#everybody = new Circuit(settings, "it failed too often");
  }

  ask<T>(call: OutgoingCall, next: Next<T>): Promise<T> {
    const grantedMs = call.deadlineMs - this.#settings.clock.monotonicMs();
    const timed: Next<T> = (each) => this.#timed(each, next);
    if (grantedMs >= (this.#durations.quantile(0.95) ?? 0))
      return this.#everybody.pass(call, timed, (error) => judged(error, call, "failed"));
    this.#hurried ??= new Circuit(this.#settings, "nobody is answered in so little time");
    return this.#hurried.pass(
      call,
      (each) => this.#everybody.pass(each, timed, (error) => judged(error, each, "abandoned")),
      (error) => this.#judgedInHurry(error, call),
    );
  }

  /** What does not come of little time is everybody's. */
  #judgedInHurry(error: unknown, call: OutgoingCall): Outcome {
    const silentMs = this.#settings.clock.monotonicMs() - this.#answeredMs;
    const outcome = judged(error, call, silentMs < this.#settings.windowMs ? "abandoned" : "failed");
    return outcome === "failed" && !isLate(error) ? "abandoned" : outcome;
  }

  async #timed<T>(call: OutgoingCall, next: Next<T>): Promise<T> {
    const { clock } = this.#settings;
    const beganMs = clock.monotonicMs();
    const answered = () => {
      this.#answeredMs = clock.monotonicMs();
      this.#durations.add(this.#answeredMs - beganMs);
    };
    try {
      const result = await next(call);
      answered();
      return result;
    } catch (error) {
      if (judged(error, call, "failed") === "fine") answered();
      throw error;
    }
  }
}

function isLate(error: unknown): boolean {
  return error instanceof Problem && error.status === 504;
}

/** What a failure shows. Of a caller who has gone, and of a call that was not let out, nothing is learnt. */
function judged(error: unknown, { signal }: OutgoingCall, late: Outcome): Outcome {
  if (error instanceof Refusal || (signal.aborted && !(error instanceof Problem))) return "abandoned";
  if (isLate(error)) return late;
  // To be asked less is what 429 is about: the rate is to be kept, nothing is broken.
  return isTrouble(error) && !(error instanceof Problem && error.status === 429) ? "failed" : "fine";
}
