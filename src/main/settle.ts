import { flushCompileCache } from "node:module";
import { memoryUsage } from "node:process";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { Clock } from "#base";

export interface SettleOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** A collection of everything; this program's heap unless given. */
  readonly collect?: () => void;
}

/**
 * Once a program has started: keeps what was compiled, so that the next start need not, even if this run is killed; and
 * gives back the memory that only starting took, a quarter of it, which V8 would keep for a busy program. It happens
 * once: what work takes later is V8's to judge.
 */
export async function settle({ clock, signal, collect = collectEverything }: SettleOptions): Promise<void> {
  await clock.sleep(settleMs, signal).catch(() => {});
  if (signal.aborted) return;
  flushCompileCache();
  if (memoryUsage().heapUsed < heapBytes) collect();
}

/** By then a program has started, and does nothing unless it is asked to. */
const settleMs = 5_000;

/** A larger heap belongs to a cluster with much in it: collecting all of it would hold everyone up for too long. */
const heapBytes = 48 * 1024 * 1024;

/**
 * The collection that V8 makes before it would give up: it also shrinks the young generation and drops code not used.
 * The flag is taken back, because compiled code is kept by flags: modules loaded later would not find theirs.
 */
function collectEverything(): void {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as (options: object) => void;
  setFlagsFromString("--no-expose-gc");
  collect({ type: "major", execution: "sync", flavor: "last-resort" });
}
