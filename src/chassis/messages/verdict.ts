import { messageOf } from "#base";
import type { Delivery, SubscribeOptions } from "./broker.ts";
import { PutAside } from "./dead-letters.ts";
import { limits } from "./limits.ts";
import { retryDelayMs } from "./retry-delay.ts";

/** What becomes of a message whose handling has failed. */
export type Verdict =
  /** It broke off because the subscription ends here: that was no attempt. */
  | { readonly becomes: "handled elsewhere" }
  | { readonly becomes: "retried"; readonly delayMs: number }
  | { readonly becomes: "dead letter"; readonly error: string };

/** The same for every broker. */
export function judge(
  error: unknown,
  { attempt, signal }: Pick<Delivery, "attempt" | "signal">,
  {
    attempts = Number.POSITIVE_INFINITY,
    retryDelayMs: delayMs = retryDelayMs,
  }: Pick<SubscribeOptions, "attempts" | "retryDelayMs">,
): Verdict {
  const letter: Verdict = {
    becomes: "dead letter",
    error: messageOf(error).slice(0, limits.errorCharacters),
  };
  if (error instanceof PutAside) return letter;
  if (signal.aborted) return { becomes: "handled elsewhere" };
  return attempt >= attempts ? letter : { becomes: "retried", delayMs: delayMs(attempt) };
}
