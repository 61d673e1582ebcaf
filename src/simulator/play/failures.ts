import type { ScenarioNode } from "../scenario/scenario.ts";
import { between, randomFor } from "../time/seeds.ts";

/** When a node's machine fails by itself, and for how long: drawn from the seed, the same whatever else happens. Pure. */
export function failuresOf(
  { shape, failures }: ScenarioNode,
  { seed, durationMs }: { readonly seed: number; readonly durationMs: number },
): { readonly atMs: number; readonly forMs: number }[] {
  if (!failures) return [];
  const random = randomFor(seed, `failures/${shape.name}`);
  const pauseMs = () => (-Math.log(1 - random.float()) * monthMs) / failures.perMonth;
  const found: { atMs: number; forMs: number }[] = [];
  for (let atMs = pauseMs(); atMs < durationMs; ) {
    const forMs = between(random, failures.lastingMs);
    found.push({ atMs, forMs });
    atMs += forMs + pauseMs();
  }
  return found;
}

const monthMs = 30 * 86_400_000;
