import { type ControllerRevision, countOf, isPodLeaving, type Pod, type StatefulSet } from "#api";
import type { Place } from "./decide.ts";
import { isUnavailable, revisionOf } from "./pod-state.ts";

export interface UpdateWorld {
  readonly set: StatefulSet;
  /** By ordinal, from the first on. */
  readonly wanted: readonly Place[];
  readonly updateRevision: ControllerRevision;
  readonly nowMs: number;
}

/**
 * Pods to delete so that they come back from the new template: highest ordinal first, down to the partition, no more of them
 * unavailable at a time than `maxUnavailable`. A pod that is unavailable anyway is not waited for: the new template may be what helps it.
 */
export function outdatedPods({ set, wanted, updateRevision, nowMs }: UpdateWorld): readonly Pod[] {
  const { type, rollingUpdate } = set.spec?.updateStrategy ?? {};
  if (type !== "RollingUpdate") return [];
  const most = mostUnavailable(set);
  const isDown = ({ pod }: Place) =>
    pod === undefined || isUnavailable(pod, set.spec?.minReadySeconds ?? 0, nowMs);
  let left = most - wanted.filter(isDown).length;
  /** Those that are on their way from the old template to the new one. */
  let underWay = 0;
  const outdated: Pod[] = [];
  for (const place of wanted.slice(rollingUpdate?.partition ?? 0).reverse()) {
    if (underWay >= most) break;
    const { pod } = place;
    const isOld =
      pod !== undefined && revisionOf(pod) !== updateRevision.metadata?.name && !isPodLeaving(pod);
    if (!isOld) {
      if (isDown(place)) underWay += 1;
      continue;
    }
    if (!isDown(place)) {
      if (left <= 0) continue;
      left -= 1;
    }
    underWay += 1;
    outdated.push(pod);
  }
  return outdated;
}

/** A share is rounded down; one pod at least, or nothing would move. */
function mostUnavailable({ spec }: StatefulSet): number {
  const { maxUnavailable = 1 } = spec?.updateStrategy?.rollingUpdate ?? {};
  return Math.max(1, countOf(maxUnavailable, spec?.replicas ?? 1, Math.floor));
}
