import type { ObjectReference, PersistentVolume, PersistentVolumeClaim } from "../generated/types.ts";
import { boundByController } from "./annotations.ts";

/** Whether the volume is this claim's: bound to it, or kept for its name by a person. */
export function isVolumeOf({ spec }: PersistentVolume, claim: PersistentVolumeClaim): boolean {
  const reference = spec?.claimRef;
  if (!reference || reference.name !== claim.metadata?.name) return false;
  if (reference.namespace !== claim.metadata?.namespace) return false;
  return !reference.uid || reference.uid === claim.metadata?.uid;
}

/** The volume with the claim's reference in it; undefined when it has that already. */
export function withClaim(
  volume: PersistentVolume,
  claim: PersistentVolumeClaim,
): PersistentVolume | undefined {
  if (isVolumeOf(volume, claim) && volume.spec?.claimRef?.uid === claim.metadata?.uid) return undefined;
  const annotations = { ...volume.metadata?.annotations };
  // A volume that a person kept for this claim goes back to that when the binding comes to nothing.
  if (!isVolumeOf(volume, claim)) annotations[boundByController] = "yes";
  return {
    ...volume,
    metadata: { ...volume.metadata, annotations },
    spec: { ...volume.spec, claimRef: claimReference(claim) },
  };
}

/** The volume without its claim: as it was before the cluster, or a person, chose one. */
export function withoutClaim(volume: PersistentVolume): PersistentVolume {
  const { [boundByController]: chosen, ...annotations } = volume.metadata?.annotations ?? {};
  const { claimRef, ...spec } = volume.spec ?? {};
  const { uid: _, resourceVersion: __, ...kept } = claimRef ?? {};
  return {
    ...volume,
    metadata: { ...volume.metadata, annotations },
    spec: chosen === undefined && claimRef ? { ...spec, claimRef: kept } : spec,
  };
}

export function claimReference({ metadata }: PersistentVolumeClaim): ObjectReference {
  const { namespace, name, uid, resourceVersion } = metadata ?? {};
  return {
    kind: "PersistentVolumeClaim",
    apiVersion: "v1",
    ...(namespace ? { namespace } : {}),
    ...(name ? { name } : {}),
    ...(uid ? { uid } : {}),
    ...(resourceVersion ? { resourceVersion } : {}),
  };
}
