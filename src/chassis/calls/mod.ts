export { type BreakerOptions, breaker } from "./breaker.ts";
export type { BudgetOptions } from "./budget.ts";
export { type BulkheadOptions, bulkhead } from "./bulkhead.ts";
export { type CoalesceOptions, coalesce } from "./coalesce.ts";
export { Refusal } from "./failures.ts";
export { Flights } from "./flights.ts";
export { type HedgeOptions, hedge } from "./hedge.ts";
export { type Performance, perform } from "./perform.ts";
export {
  type Next,
  type Observe,
  type OutgoingCall,
  type Policy,
  type PolicyEvent,
  policies,
} from "./policy.ts";
export type { RateOptions } from "./rate.ts";
export { type RateLimitOptions, rateLimit } from "./rate-limit.ts";
export { type RerouteOptions, reroute } from "./reroute.ts";
export { type RetryOptions, retry } from "./retry.ts";
export { type TimeoutOptions, timeout } from "./timeout.ts";
export { type WithstandOptions, withstand } from "./withstand.ts";
