import type { Candidate, Strategy } from "./strategy.ts";

/**
 * One after the other, by weight, and smoothly: with weights 2 and 1 it is a b a, not a a b. Each turn everybody earns its weight, the richest is chosen and pays
 * what all earned.
 */
export const roundRobin: Strategy = ({ random }) => {
  let earned = new Map<string, number>();
  return (candidates) => {
    const total = candidates.reduce((sum, each) => sum + each.weight, 0);
    const now = new Map<string, number>();
    let best: Candidate | undefined;
    for (const each of candidates) {
      const { id } = each.instance;
      // Clients that start together do not all begin with the same instance.
      const before = earned.get(id) ?? -random.float() * each.weight;
      now.set(id, before + each.weight);
      if (!best || (now.get(id) as number) > (now.get(best.instance.id) as number)) best = each;
    }
    const chosen = best as Candidate;
    now.set(chosen.instance.id, (now.get(chosen.instance.id) as number) - total);
    earned = now;
    return chosen;
  };
};
