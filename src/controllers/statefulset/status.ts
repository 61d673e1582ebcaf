import { isPodAvailable, isPodLeaving, type Pod, type StatefulSet, type StatefulSetStatus } from "#api";
import type { SetRevisions } from "./decide.ts";
import { isRunningAndReady, revisionOf } from "./pod-state.ts";

/** What is true of a set's pods. Once all are of the wanted revision and ready, that revision is the current one. */
export function statusOf(
  set: StatefulSet,
  pods: readonly Pod[],
  revisions: SetRevisions,
  nowMs: number,
): StatefulSetStatus {
  const current = revisions.current.metadata?.name ?? "";
  const update = revisions.update.metadata?.name ?? "";
  const counts = { ready: 0, available: 0, current: 0, updated: 0 };
  for (const pod of pods) {
    if (isRunningAndReady(pod)) {
      counts.ready += 1;
      if (isPodAvailable(pod, set.spec?.minReadySeconds ?? 0, nowMs)) counts.available += 1;
    }
    if (isPodLeaving(pod)) continue;
    if (revisionOf(pod) === current) counts.current += 1;
    if (revisionOf(pod) === update) counts.updated += 1;
  }
  const wanted = set.spec?.replicas ?? 1;
  const isRolledOut =
    set.spec?.updateStrategy?.type === "RollingUpdate" &&
    [pods.length, counts.ready, counts.updated].every((count) => count === wanted);
  const { conditions } = set.status ?? {};
  return {
    observedGeneration: set.metadata?.generation ?? 0,
    replicas: pods.length,
    readyReplicas: counts.ready,
    availableReplicas: counts.available,
    currentReplicas: isRolledOut ? counts.updated : counts.current,
    updatedReplicas: counts.updated,
    currentRevision: isRolledOut ? update : current,
    updateRevision: update,
    collisionCount: set.status?.collisionCount ?? 0,
    ...(conditions ? { conditions } : {}),
  };
}
