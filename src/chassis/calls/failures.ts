import type { Clock } from "#base";
import { Problem, reducedCapacity } from "../http/problem.ts";
import type { OutgoingCall } from "./policy.ts";

/** A call that was not made: a policy knew that it would be in vain, or too much. */
export class Refusal extends Problem {
  readonly by: "breaker" | "bulkhead" | "rate";

  constructor(by: Refusal["by"], status: 429 | 503, detail: string, retryAfterMs?: number) {
    const seconds =
      retryAfterMs === undefined ? undefined : String(Math.max(1, Math.ceil(retryAfterMs / 1000)));
    super(status, detail, seconds === undefined ? {} : { headers: { "retry-after": seconds } });
    this.by = by;
  }
}

/** Whether an error says that the other side is in trouble, or cannot be reached; a refused order, say, is not that. */
export function isTrouble(error: unknown): boolean {
  return error instanceof Problem ? error.status >= 500 || error.status === 429 : true;
}

/** Whether an error shows that nothing was begun, so that even what must not be done twice may be asked for again. */
function isUnbegun(error: unknown): boolean {
  if (!(error instanceof Problem)) return false;
  return error.status === 429 || error.type === reducedCapacity || unreached.has(codeOf(error) ?? "");
}

/** Whether to ask again, now or elsewhere, may help and cannot harm. */
export function mayRepeat(error: unknown, { idempotent, signal }: OutgoingCall): boolean {
  if (signal.aborted || error instanceof Refusal) return false;
  return isUnbegun(error) || (idempotent && (!(error instanceof Problem) || passing.has(error.status)));
}

/** Statuses that may be gone with the next attempt. */
const passing: ReadonlySet<number> = new Set([408, 429, 502, 503, 504]);

/** When the other side wants to be asked again, from now; undefined when it does not say. RFC 9110, section 10.2.3. */
export function retryAfterMs(error: unknown, clock: Clock): number | undefined {
  const said = error instanceof Problem ? error.headers["retry-after"] : undefined;
  if (said === undefined) return undefined;
  const waitMs = /^\d+$/.test(said) ? Number(said) * 1000 : Date.parse(said) - clock.now();
  return Number.isNaN(waitMs) ? undefined : Math.max(0, waitMs);
}

/** Errors of a connection that never was. */
const unreached: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
  "EAI_AGAIN",
  "UND_ERR_CONNECT_TIMEOUT",
]);

/** The code of the first error that has one, from the outside in. */
function codeOf(error: unknown): string | undefined {
  for (let each = error; each instanceof Error; each = each.cause)
    if ("code" in each && typeof each.code === "string") return each.code;
  return undefined;
}
