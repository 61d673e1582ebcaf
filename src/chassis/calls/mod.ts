export { type BreakerOptions, breaker } from "./breaker.ts";
export type { BudgetOptions } from "./budget.ts";
export { Refusal } from "./failures.ts";
export { type Performance, perform } from "./perform.ts";
export {
  type Next,
  type Observe,
  type OutgoingCall,
  type Policy,
  type PolicyEvent,
  policies,
} from "./policy.ts";
export { type RetryOptions, retry } from "./retry.ts";
export { type TimeoutOptions, timeout } from "./timeout.ts";
