import { flushCompileCache } from "node:module";
import type { Clock, Timer } from "#base";
import { ownMemory, type ProgramMemory } from "./program-memory.ts";

export interface SettleOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** This program's unless given. */
  readonly memory?: ProgramMemory;
}

/**
 * Once a program has started: keeps what was compiled, so that the next start need not, even if this run is killed; and
 * gives back the memory that only starting took, a third of it, which V8 and the C library would keep for a busy program.
 *
 * Later V8 judges when to collect, and does so by itself some seconds after a burst of work. What that frees off its heap
 * goes back to the system as soon as the program pauses.
 */
export async function settle({ clock, signal, memory = ownMemory }: SettleOptions): Promise<void> {
  await clock.sleep(settleMs, signal).catch(() => {});
  if (signal.aborted) return;
  flushCompileCache();
  if (memory.heapBytes() < heapBytes) memory.collect();
  memory.trim();
  let pause: Timer | undefined;
  memory.onCollected(() => {
    pause?.cancel();
    pause = clock.setTimer(pauseMs, () => memory.trim(), { unref: true });
  });
}

/** By then a program has started, and does nothing unless it is asked to. */
const settleMs = 5_000;

/** A larger heap belongs to a cluster with much in it: collecting all of it would hold everyone up for too long. */
const heapBytes = 48 * 1024 * 1024;

/** A program under load collects more often than this, and would soon need again what it gave back. */
const pauseMs = 2_000;
