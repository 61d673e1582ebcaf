import type { Deployment, ReplicaSet } from "#api";
import { allOf, type ReplicaSets, specReplicas, sumOf } from "./replica-sets.ts";
import { rollingParameters, toleratedUnavailable } from "./rolling-parameters.ts";

export interface SizeChange {
  readonly replicaSet: ReplicaSet;
  readonly replicas: number;
}

/** How large the current set may be now: all that is wanted, as far as `maxSurge` leaves room beside the old sets. */
export function newSetSize(deployment: Deployment, sets: ReplicaSets): number {
  const wanted = deployment.spec?.replicas ?? 1;
  const has = specReplicas(sets.current);
  const room = wanted + rollingParameters(deployment).maxSurge - sumOf(allOf(sets), specReplicas);
  return room <= 0 ? has : has + Math.min(room, wanted - has);
}

/**
 * The next sizes in a rolling update: first the current set, then the old ones. Only one of the two changes per step,
 * so that what one gives is seen before the other takes.
 */
export function rollingSizes(deployment: Deployment, sets: ReplicaSets): SizeChange[] {
  const { current } = sets;
  if (!current) return [];
  const wanted = deployment.spec?.replicas ?? 1;
  const has = specReplicas(current);
  const size = has > wanted ? wanted : newSetSize(deployment, sets);
  if (size !== has) return [{ replicaSet: current, replicas: size }];
  return oldSizes(deployment, sets, current);
}

/** Old sets to nothing. */
export function recreateSizes({ old }: ReplicaSets): SizeChange[] {
  return old.filter((set) => specReplicas(set) > 0).map((replicaSet) => ({ replicaSet, replicas: 0 }));
}

/**
 * How far old sets may shrink. Pods that do not serve go first, oldest set first; then as many that serve as leaves
 * `wanted - maxUnavailable` available.
 */
function oldSizes(deployment: Deployment, sets: ReplicaSets, current: ReplicaSet): SizeChange[] {
  const total = sumOf(sets.old, specReplicas);
  if (total === 0) return [];
  const minAvailable = (deployment.spec?.replicas ?? 1) - toleratedUnavailable(deployment);
  const currentUnavailable = specReplicas(current) - available(current);
  const removable = total + specReplicas(current) - minAvailable - currentUnavailable;
  if (removable <= 0) return [];
  const sizes = new Map(sets.old.map((set) => [set, specReplicas(set)]));
  shrink(sizes, removable, (set, size) => Math.max(0, size - available(set)));
  const spare = sumOf(allOf(sets), available) - minAvailable;
  shrink(sizes, spare, (_, size) => size);
  return [...sizes]
    .filter(([set, size]) => size !== specReplicas(set))
    .map(([replicaSet, replicas]) => ({ replicaSet, replicas }));
}

/** Takes up to `budget` pods from the sets in order, of each at most what `from` says. */
function shrink(
  sizes: Map<ReplicaSet, number>,
  budget: number,
  from: (set: ReplicaSet, size: number) => number,
): void {
  let left = budget;
  for (const [set, size] of sizes) {
    if (left <= 0) return;
    const taken = Math.min(left, from(set, size));
    sizes.set(set, size - taken);
    left -= taken;
  }
}

function available(set: ReplicaSet): number {
  return set.status?.availableReplicas ?? 0;
}
