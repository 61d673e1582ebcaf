import type { Range } from "../time/seeds.ts";

/** How the containers of a pod behave: what a scenario says of them, or a seed draws. Times in milliseconds. */
export interface Behaviour {
  /** From bound to running: pulling, mounting, starting. */
  readonly startMs: Range;
  /** From running to ready. */
  readonly readyMs: Range;
  /** From being asked to end to having ended; cut short by the grace period. */
  readonly stopMs: Range;
  /** Of starts: how many end at once with an error. */
  readonly startFailureRate: number;
  /** After so many failures in a row a start succeeds: what it waited for is there. Never surely when undefined. */
  readonly startFailuresInRow?: number;
  /** Errors that end a running container, on average. */
  readonly crashesPerHour: number;
  /** Ends by itself with success after this; never when undefined. */
  readonly runsForMs?: Range;
  readonly usage: UsageCurve;
}

/** What a pod uses: a level, a wave on it, and what leaks. */
export interface UsageCurve {
  readonly cpuMilli: number;
  /** The wave's height, as a part of the level, and its length. */
  readonly wave: { readonly height: number; readonly periodMs: number };
  readonly memoryBytes: number;
  /** Nobody said how much memory it uses: what it begins with is taken to fit, whatever the limit. */
  readonly isMemoryAssumed?: boolean;
  readonly leakBytesPerHour: number;
}

export interface Usage {
  readonly cpuMilli: number;
  readonly memoryBytes: number;
}

/** What is used at a time, by a container that has run for `ranMs`. Pure. */
export function usageAt(
  { cpuMilli, wave, memoryBytes, leakBytesPerHour }: UsageCurve,
  atMs: number,
  ranMs: number,
): Usage {
  const phase = wave.periodMs > 0 ? Math.sin((2 * Math.PI * atMs) / wave.periodMs) : 0;
  return {
    cpuMilli: Math.max(0, cpuMilli * (1 + wave.height * phase)),
    memoryBytes: memoryBytes + (leakBytesPerHour * ranMs) / 3_600_000,
  };
}

/** After how long more is used than the limit allows: at once, when the leak has come so far, or never (undefined). Pure. */
export function outOfMemoryAfterMs(
  { memoryBytes, isMemoryAssumed = false, leakBytesPerHour }: UsageCurve,
  limitBytes: number,
): number | undefined {
  if (memoryBytes > limitBytes && !isMemoryAssumed) return 0;
  if (leakBytesPerHour <= 0) return undefined;
  return Math.max(0, ((limitBytes - memoryBytes) / leakBytesPerHour) * 3_600_000);
}

/** An ordinary service on an ordinary day. */
export const ordinary: Behaviour = {
  startMs: [300, 3_000],
  readyMs: [100, 2_000],
  stopMs: [50, 2_000],
  startFailureRate: 0,
  crashesPerHour: 0,
  usage: {
    cpuMilli: 50,
    wave: { height: 0.5, periodMs: 1_800_000 },
    memoryBytes: 32 * 1024 * 1024,
    isMemoryAssumed: true,
    leakBytesPerHour: 0,
  },
};
