import type { Random } from "#base";

/**
 * The pause before attempt `failures + 1`: doubles from `baseMs` up to `maxMs`, and is drawn from its upper half, so that
 * many clients that failed together do not come back together. Milliseconds.
 */
export function backoffMs(failures: number, limits: BackoffLimits, random: Random): number {
  const full = Math.min(limits.maxMs, limits.baseMs * 2 ** Math.min(failures, 30));
  return full / 2 + random.float() * (full / 2);
}

export interface BackoffLimits {
  readonly baseMs: number;
  readonly maxMs: number;
}
