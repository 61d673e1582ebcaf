import {
  compileLabelSelector,
  isPodReady,
  isPodTerminal,
  type Pod,
  type PodDisruptionBudget,
  podDisruptionBudgets,
} from "#api";
import { keyOf } from "#apiserver";
import type { Checker } from "../runs/checker.ts";
import type { World } from "../runs/world.ts";

/** Who drains nodes: all its deletions are voluntary, and all go through evictions. */
export const drainer = "drainer";

/** A pod that serves leaves by a voluntary eviction only when a disruption was taken off its budget for it. */
export function budgets(world: World): Checker {
  const prefix = keyOf(podDisruptionBudgets, "");
  const known = new Map<string, PodDisruptionBudget>();
  const budgetOf = ({ metadata }: Pod) =>
    [...known.values()].find(
      (one) =>
        one.metadata?.namespace === metadata?.namespace &&
        compileLabelSelector(one.spec?.selector).matches(metadata?.labels ?? {}),
    );
  return {
    name: "budgets",
    onCommit({ changes }) {
      for (const { key, entry } of changes) {
        if (!key.startsWith(prefix)) continue;
        if (entry) known.set(key, JSON.parse(Buffer.from(entry.value).toString()));
        else known.delete(key);
      }
    },
    onPod({ pod, previous, commit }) {
      if (commit.provenance.user !== drainer || !previous) return;
      const isLeaving = pod === undefined || pod.metadata?.deletionTimestamp !== undefined;
      if (!isLeaving || previous.metadata?.deletionTimestamp || isPodTerminal(previous)) return;
      if (!isPodReady(previous)) return;
      const budget = budgetOf(previous);
      if (!budget) return;
      const { name = "", namespace } = previous.metadata ?? {};
      world.count("evictions within a budget");
      if (budget.status?.disruptedPods?.[name] !== undefined) return;
      const allowed = budget.status?.disruptionsAllowed ?? 0;
      world.violate(
        "budgets",
        `pod ${namespace}/${name} was evicted past its budget ${budget.metadata?.name} (${allowed} allowed)`,
      );
    },
  };
}
