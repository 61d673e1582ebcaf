import {
  bindCompleted,
  classOfClaim,
  compareQuantities,
  type PersistentVolume,
  type PersistentVolumeClaim,
  requestOf,
  waitsForConsumer,
} from "#api";
import type { Cluster } from "../../framework/cluster.ts";
import { podRejection, type Rejection, rejection } from "../../framework/plugin.ts";
import type { PodShape } from "../../framework/pod-shape.ts";

/** The claims of pods of one shape, as they are now. */
export interface ShapeClaims {
  /** What a bound claim has. */
  readonly volumes: readonly PersistentVolume[];
  /** Claims that wait for the pod's node, the smallest first: a small one may fit where a large one would have been. */
  readonly unbound: readonly PersistentVolumeClaim[];
}

export const unboundImmediate: Rejection = podRejection("pod has unbound immediate PersistentVolumeClaims");
const volumeMissing = rejection("node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)", {
  isResolvable: false,
});

/** The claims, or why pods with them may go nowhere yet. */
export function claimsOfShape(shape: PodShape, { listers }: Cluster): ShapeClaims | Rejection {
  const volumes: PersistentVolume[] = [];
  const unbound: PersistentVolumeClaim[] = [];
  let isWaiting = false;
  let isMissing = false;
  const seen = new Set<string>();
  for (const { claim: name, isEphemeral } of shape.claims) {
    // A pod may mount a claim twice.
    if (seen.has(name)) continue;
    seen.add(name);
    const claim = listers.persistentVolumeClaims.get(shape.namespace, name);
    const refusal = refusalOf(claim, { name, isEphemeral });
    if (!claim || refusal !== undefined) return podRejection(refusal ?? "");
    if (isBound(claim)) {
      const volume = listers.persistentVolumes.get("", claim.spec?.volumeName ?? "");
      if (volume) volumes.push(volume);
      else isMissing = true;
    } else if (!claim.spec?.volumeName && isLate(claim, listers)) unbound.push(claim);
    else isWaiting = true;
  }
  if (isWaiting) return unboundImmediate;
  if (isMissing) return volumeMissing;
  return { volumes, unbound: unbound.sort((a, b) => compareQuantities(requestOf(a), requestOf(b))) };
}

export function isRefusal(found: ShapeClaims | Rejection): found is Rejection {
  return "reasons" in found;
}

/** Whether the binder has done all its part. */
export function isBound({ metadata, spec }: PersistentVolumeClaim): boolean {
  return Boolean(spec?.volumeName) && metadata?.annotations?.[bindCompleted] !== undefined;
}

function refusalOf(
  claim: PersistentVolumeClaim | undefined,
  { name, isEphemeral }: { readonly name: string; readonly isEphemeral: boolean },
): string | undefined {
  if (!claim) {
    return isEphemeral
      ? `waiting for ephemeral volume controller to create the persistentvolumeclaim "${name}"`
      : `persistentvolumeclaim "${name}" not found`;
  }
  if (claim.status?.phase === "Lost")
    return `persistentvolumeclaim "${name}" bound to non-existent persistentvolume "${claim.spec?.volumeName}"`;
  return claim.metadata?.deletionTimestamp ? `persistentvolumeclaim "${name}" is being deleted` : undefined;
}

function isLate(claim: PersistentVolumeClaim, { storageClasses }: Cluster["listers"]): boolean {
  return waitsForConsumer(storageClasses.get("", classOfClaim(claim)));
}
