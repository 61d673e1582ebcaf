import {
  type Clock,
  type Logger,
  type Metrics,
  type Random,
  silentLogger,
  silentMetrics,
  systemClock,
  systemRandom,
} from "#base";
import { type BreakerOptions, breaker } from "./breaker.ts";
import { type BulkheadOptions, bulkhead } from "./bulkhead.ts";
import { coalesce } from "./coalesce.ts";
import { type HedgeOptions, hedge } from "./hedge.ts";
import { limits } from "./limits.ts";
import { type Observe, type Policy, policies } from "./policy.ts";
import { type RateLimitOptions, rateLimit } from "./rate-limit.ts";
import { reroute } from "./reroute.ts";
import { type RetryOptions, retry } from "./retry.ts";
import { timeout } from "./timeout.ts";

export interface WithstandOptions {
  /** Who is called, for logs and metrics: `payments`. */
  readonly name: string;
  readonly retry?: RetryOptions | "never";
  readonly breaker?: BreakerOptions | "never";
  readonly bulkhead?: BulkheadOptions | "never";
  /** One attempt. */
  readonly timeoutMs?: number;
  /** Absent: nothing is asked twice at the same time. */
  readonly hedge?: HedgeOptions;
  /** Absent: as often as one likes. */
  readonly rateLimit?: RateLimitOptions;
  /** Base URLs of those who can answer, the preferred one first: see `reroute`. Absent: the client's own base URL. */
  readonly places?: readonly string[];
  /** Chooses whom to ask, for each attempt, by other means: a balancer over what was discovered. */
  readonly route?: Policy;
  /** `shared`: equal GETs at the same time are one. */
  readonly equalCalls?: "apart" | "shared";
  readonly clock?: Clock;
  readonly random?: Random;
  readonly metrics?: Metrics;
  readonly logger?: Logger;
}

/**
 * What calls to one service usually are to withstand, in the order in which the policies make sense:
 *
 *     equal calls share ▸ retry ▸ hedge ▸ route ▸ breaker, per place ▸ rate limit ▸ bulkhead ▸ timeout
 *
 * Retries stand outside of what chooses a place, so that they ask another one; the breaker outside of whatever waits, so that nobody waits for a place
 * that is not asked. The context of a service has its surroundings: `withstand({ name: "payments", ...context })`.
 */
export function withstand(options: WithstandOptions): Policy {
  const { clock = systemClock, random = systemRandom, timeoutMs = limits.attemptMs, places } = options;
  const around = { clock, random, observe: observer(options) };
  const chosen: (Policy | undefined)[] = [
    options.equalCalls === "shared" ? coalesce(around) : undefined,
    options.retry === "never" ? undefined : retry({ ...around, ...options.retry }),
    options.hedge && hedge({ ...around, ...options.hedge }),
    options.route ?? (places && reroute({ ...around, places })),
    options.breaker === "never" ? undefined : breaker({ ...around, ...options.breaker }),
    options.rateLimit && rateLimit({ ...around, ...options.rateLimit }),
    options.bulkhead === "never" ? undefined : bulkhead({ ...around, ...options.bulkhead }),
    timeout({ ...around, timeoutMs }),
  ];
  return policies(...chosen.filter((policy) => policy !== undefined));
}

function observer({ name, metrics = silentMetrics, logger = silentLogger }: WithstandOptions): Observe {
  const events = metrics.counter(
    "calls_policy_events_total",
    "What policies did about calls to other services, by the service that is called.",
  );
  return (event, { place }) => {
    events.add(1, { peer: name, event: event.replaceAll(" ", "_") });
    const at = place === undefined ? {} : { place };
    if (event === "breaker opened") logger.warn(`${name} fails too often and is not called for now`, at);
    if (event === "breaker closed") logger.info(`${name} is called again`, at);
  };
}
