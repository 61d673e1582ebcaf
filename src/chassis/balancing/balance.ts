import {
  type Clock,
  type Logger,
  messageOf,
  type Random,
  silentLogger,
  systemClock,
  systemRandom,
} from "#base";
import { isTrouble, mayRepeat, Refusal } from "../calls/failures.ts";
import type { Next, OutgoingCall, Policy } from "../calls/policy.ts";
import { orAborted } from "../calls/timeout.ts";
import { Following } from "../discovery/following.ts";
import type { Registry } from "../discovery/registry.ts";
import { problem } from "../http/problem.ts";
import { Balancer, type Chosen } from "./balancer.ts";
import { limits } from "./limits.ts";
import { roundRobin } from "./strategies/round-robin.ts";
import type { Asked, Strategy } from "./strategy.ts";

export interface BalanceOptions {
  readonly registry: Registry;
  /** The service's name in the registry. */
  readonly service: string;
  /** Absent: in turn. */
  readonly strategy?: Strategy;
  /** Who asks, for strategies that go by it. Absent: this caller, by a name that it made up. */
  readonly source?: (call: OutgoingCall) => string;
  /** The registry is followed until then. Absent: as long as the process lives. */
  readonly signal?: AbortSignal;
  readonly clock?: Clock;
  readonly random?: Random;
  readonly logger?: Logger;
}

/**
 * Chooses an instance for each attempt of a call, on the caller's side: `withstand({ name: "orders", route: balance({ registry, service: "orders" }) })`.
 * Where an attempt has surely not begun (nobody there, too busy, a breaker open) others are asked at once.
 */
export function balance(options: BalanceOptions): Policy {
  const { service, clock = systemClock, random = systemRandom, logger = silentLogger } = options;
  const { registry, strategy = roundRobin({ random }), signal } = options;
  const balancer = new Balancer({ strategy, clock });
  const self = random.uuid();
  const sourceOf = options.source ?? (() => self);
  let following: Following | undefined;
  signal?.addEventListener("abort", () => following?.close(), { once: true });

  // Followed from the first call on: what is made and never used keeps no connection.
  const instances = () => {
    following ??= new Following({ registry, service, clock, random, logger });
    return following.instances();
  };

  const choose = async (call: OutgoingCall): Promise<Chosen> => {
    const known = instances();
    const list = await (known instanceof Promise ? orAborted(known, call.signal) : known);
    const chosen = balancer.pick(list, askedBy(call, sourceOf(call)), call.asked);
    if (!chosen)
      throw problem(503, `${service} has no instance that is well`, { headers: { "retry-after": "1" } });
    call.asked.add(chosen.place);
    return chosen;
  };

  return async (call, next) => {
    for (let reroutes = 0; ; reroutes += 1) {
      const chosen = await choose(call).catch((error) => {
        throw call.signal.aborted || error?.name === "Problem" ? error : unknown(service, error);
      });
      try {
        return await attempt(chosen, call, next);
      } catch (error) {
        const others = reroutes < limits.reroutes && balancer.hasOthers(call.asked);
        if (!others || !isElsewhere(error, call)) throw error;
      }
    }
  };
}

function askedBy(call: OutgoingCall, source: string): Asked {
  return { destination: call.affinity ?? call.key?.() ?? call.target, source };
}

async function attempt<T>(chosen: Chosen, call: OutgoingCall, next: Next<T>): Promise<T> {
  try {
    const result = await next({ ...call, place: chosen.place });
    chosen.ended("well");
    return result;
  } catch (error) {
    chosen.ended(call.signal.aborted ? "abandoned" : isTrouble(error) ? "trouble" : "well");
    throw error;
  }
}

/** Whether somebody else may be asked without asking twice, or making much of a hurry for those in trouble. */
function isElsewhere(error: unknown, call: OutgoingCall): boolean {
  return (
    (error instanceof Refusal && error.by === "breaker") || mayRepeat(error, { ...call, idempotent: false })
  );
}

function unknown(service: string, error: unknown): Error {
  return problem(503, `who answers for ${service} cannot be found out now: ${messageOf(error)}`, {
    cause: error,
  });
}
