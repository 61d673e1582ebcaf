import type { Deployment, ReplicaSet } from "#api";
import { desiredAnnotation, maxAnnotation, numberIn } from "./annotations.ts";
import { allOf, byAge, type ReplicaSets, specReplicas, sumOf } from "./replica-sets.ts";
import { rollingParameters } from "./rolling-parameters.ts";
import type { SizeChange } from "./rollout.ts";

/**
 * The sizes after the deployment was resized. With one set in use, that one; in the middle of a rollout all in proportion to what they
 * have, so that a resize does not favour a version that may be bad. Also listed: sets that keep their size but must remember the new one.
 */
export function scaleSizes(deployment: Deployment, sets: ReplicaSets): SizeChange[] {
  const wanted = deployment.spec?.replicas ?? 1;
  const active = allOf(sets).filter((set) => specReplicas(set) > 0);
  const only = onlyOne(sets, active);
  if (only) return changes(deployment, new Map([[only, wanted]]));
  if (isSaturated(deployment, sets.current)) {
    return sets.old.filter((set) => specReplicas(set) > 0).map((replicaSet) => ({ replicaSet, replicas: 0 }));
  }
  if (deployment.spec?.strategy?.type === "Recreate") return [];
  return changes(deployment, proportional(deployment, active));
}

/** The set that alone is in use, or would be. */
function onlyOne({ current, old }: ReplicaSets, active: readonly ReplicaSet[]): ReplicaSet | undefined {
  if (active.length > 1) return undefined;
  return active[0] ?? current ?? old.at(-1);
}

/** The current set has all pods that are wanted, and they serve. */
function isSaturated(deployment: Deployment, current: ReplicaSet | undefined): boolean {
  const wanted = deployment.spec?.replicas ?? 1;
  if (!current) return false;
  const remembered = numberIn(current, desiredAnnotation);
  const serving = current.status?.availableReplicas ?? 0;
  return specReplicas(current) === wanted && remembered === wanted && serving === wanted;
}

function proportional(deployment: Deployment, active: readonly ReplicaSet[]): Map<ReplicaSet, number> {
  const wanted = deployment.spec?.replicas ?? 1;
  const allowed = wanted > 0 ? wanted + rollingParameters(deployment).maxSurge : 0;
  const toAdd = allowed - sumOf(active, specReplicas);
  // Larger sets first; of equal ones the newer grows first, the older shrinks first.
  const direction = toAdd > 0 ? -1 : 1;
  const sorted = [...active].sort((a, b) => specReplicas(b) - specReplicas(a) || direction * byAge(a, b));
  const sizes = new Map<ReplicaSet, number>();
  let added = 0;
  for (const set of sorted) {
    const share = toAdd === 0 ? 0 : shareOf(deployment, set, { allowed, toAdd, added });
    sizes.set(set, specReplicas(set) + share);
    added += share;
  }
  const [largest] = sorted;
  if (largest) sizes.set(largest, Math.max(0, (sizes.get(largest) ?? 0) + toAdd - added));
  return sizes;
}

/** What one set gains or loses, never beyond what is left to hand out. */
function shareOf(
  deployment: Deployment,
  set: ReplicaSet,
  { allowed, toAdd, added }: { allowed: number; toAdd: number; added: number },
): number {
  const has = specReplicas(set);
  if (allowed === 0) return -has;
  const before = numberIn(set, maxAnnotation) || (deployment.status?.replicas ?? 0);
  if (before === 0) return 0;
  const fair = Math.round((has * allowed) / before) - has;
  return toAdd > 0 ? Math.min(fair, toAdd - added) : Math.max(fair, toAdd - added);
}

/** Those that change, or that remember another size than the deployment's. */
function changes(deployment: Deployment, sizes: ReadonlyMap<ReplicaSet, number>): SizeChange[] {
  const wanted = deployment.spec?.replicas ?? 1;
  return [...sizes]
    .filter(([set, size]) => size !== specReplicas(set) || numberIn(set, desiredAnnotation) !== wanted)
    .map(([replicaSet, replicas]) => ({ replicaSet, replicas }));
}
