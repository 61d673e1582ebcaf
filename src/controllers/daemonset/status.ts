import { type DaemonSet, type DaemonSetStatus, isPodReady } from "#api";
import type { NodePods, UpdateFacts } from "./decide.ts";

export function statusOf(
  set: DaemonSet,
  nodes: readonly NodePods[],
  { isUpdated, isAvailable }: UpdateFacts,
): DaemonSetStatus {
  const counts = { desired: 0, current: 0, misscheduled: 0, ready: 0, available: 0, updated: 0 };
  for (const { placement, pods } of nodes) {
    const [oldest] = pods;
    if (!placement.shouldRun) {
      if (oldest) counts.misscheduled += 1;
      continue;
    }
    counts.desired += 1;
    if (!oldest) continue;
    counts.current += 1;
    if (isPodReady(oldest)) counts.ready += 1;
    if (isAvailable(oldest)) counts.available += 1;
    if (isUpdated(oldest)) counts.updated += 1;
  }
  const { conditions, collisionCount } = set.status ?? {};
  return {
    observedGeneration: set.metadata?.generation ?? 0,
    desiredNumberScheduled: counts.desired,
    currentNumberScheduled: counts.current,
    numberMisscheduled: counts.misscheduled,
    numberReady: counts.ready,
    ...positive("numberAvailable", counts.available),
    ...positive("numberUnavailable", counts.desired - counts.available),
    ...positive("updatedNumberScheduled", counts.updated),
    ...(collisionCount === undefined ? {} : { collisionCount }),
    ...(conditions ? { conditions } : {}),
  };
}

/** A count of nothing is left out, as upstream leaves it out. */
function positive(
  field: "numberAvailable" | "numberUnavailable" | "updatedNumberScheduled",
  count: number,
): Partial<DaemonSetStatus> {
  return count > 0 ? { [field]: count } : {};
}
