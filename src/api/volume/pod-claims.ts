import type { PersistentVolumeClaim, Pod } from "../generated/types.ts";

/** One volume of a pod that is a claim. */
export interface PodClaim {
  /** Name of the volume in the pod. */
  readonly volume: string;
  /** Name of the claim, in the pod's namespace. */
  readonly claim: string;
  /** Whether the claim is made from the pod's own template and goes with it. */
  readonly isEphemeral: boolean;
  readonly readOnly: boolean;
}

/** The claims that a pod names, in the order of its volumes. */
export function claimsOfPod({ metadata, spec }: Pod): PodClaim[] {
  const found: PodClaim[] = [];
  for (const { name, persistentVolumeClaim, ephemeral } of spec?.volumes ?? []) {
    if (persistentVolumeClaim) {
      const { claimName, readOnly = false } = persistentVolumeClaim;
      found.push({ volume: name, claim: claimName, isEphemeral: false, readOnly });
    } else if (ephemeral) {
      const claim = `${metadata?.name ?? ""}-${name}`;
      found.push({ volume: name, claim, isEphemeral: true, readOnly: false });
    }
  }
  return found;
}

/** Whether a claim was made for this pod: another may have had its name before. */
export function isClaimForPod(claim: PersistentVolumeClaim, pod: Pod): boolean {
  return Boolean(
    claim.metadata?.ownerReferences?.some(
      ({ controller, uid }) => controller === true && uid === pod.metadata?.uid,
    ),
  );
}
