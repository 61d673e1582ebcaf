import { setTimeout as pause } from "node:timers/promises";

/** Looks until it is so, for a minute unless said otherwise: for what other programs do next, of which nobody can send an event. */
export async function eventually(
  what: string,
  isSo: () => Promise<boolean>,
  { patienceMs = 60_000 }: { readonly patienceMs?: number } = {},
): Promise<void> {
  const deadline = performance.now() + patienceMs;
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error(`waited ${patienceMs} ms in vain: ${what}`);
    await pause(lookEveryMs);
  }
}

const lookEveryMs = 50;
