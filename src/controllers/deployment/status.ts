import type { Deployment, DeploymentStatus } from "#api";
import { allOf, type ReplicaSets, sumOf } from "./replica-sets.ts";

/** The counts of a status; conditions are in `progress.ts`. */
export function countsOf(deployment: Deployment, sets: ReplicaSets): DeploymentStatus {
  const all = allOf(sets);
  const replicas = sumOf(all, (set) => set.status?.replicas ?? 0);
  const availableReplicas = sumOf(all, (set) => set.status?.availableReplicas ?? 0);
  const { collisionCount } = deployment.status ?? {};
  return {
    observedGeneration: deployment.metadata?.generation ?? 0,
    replicas,
    updatedReplicas: sets.current?.status?.replicas ?? 0,
    readyReplicas: sumOf(all, (set) => set.status?.readyReplicas ?? 0),
    availableReplicas,
    unavailableReplicas: Math.max(0, replicas - availableReplicas),
    terminatingReplicas: sumOf(all, (set) => set.status?.terminatingReplicas ?? 0),
    ...(collisionCount === undefined ? {} : { collisionCount }),
  };
}

/** Everything wanted is of the current version and serves, and nothing else is left. */
export function isComplete(deployment: Deployment, status: DeploymentStatus): boolean {
  const wanted = deployment.spec?.replicas ?? 1;
  return (
    status.updatedReplicas === wanted &&
    status.replicas === wanted &&
    status.availableReplicas === wanted &&
    (status.observedGeneration ?? 0) >= (deployment.metadata?.generation ?? 0)
  );
}

/** Whether `next` is nearer to the goal than `last`. */
export function isNearer(next: DeploymentStatus, last: DeploymentStatus): boolean {
  const of = (status: DeploymentStatus) => ({
    updated: status.updatedReplicas ?? 0,
    old: (status.replicas ?? 0) - (status.updatedReplicas ?? 0),
    ready: status.readyReplicas ?? 0,
    available: status.availableReplicas ?? 0,
  });
  const now = of(next);
  const before = of(last);
  return (
    now.updated > before.updated ||
    now.old < before.old ||
    now.ready > before.ready ||
    now.available > before.available
  );
}
