import { setTimeout as pause } from "node:timers/promises";

/** Looks until it is so, for a minute: for what other programs do next, of which nobody can send an event. */
export async function eventually(what: string, isSo: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + patienceMs;
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error(`waited ${patienceMs} ms in vain: ${what}`);
    await pause(lookEveryMs);
  }
}

const patienceMs = 60_000;
const lookEveryMs = 50;
