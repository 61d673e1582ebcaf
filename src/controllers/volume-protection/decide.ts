import {
  claimsOfPod,
  isClaimForPod,
  type ObjectMeta,
  type PersistentVolume,
  type PersistentVolumeClaim,
  type Pod,
} from "#api";

/** What a protecting finalizer needs: to be there while the object lives, to go once it is deleted and nobody uses it. */
export type Protection = "add" | "remove" | "keep";

export function decideProtection(
  metadata: ObjectMeta | undefined,
  finalizer: string,
  { isUsed }: { readonly isUsed: boolean },
): Protection {
  const isHeld = metadata?.finalizers?.includes(finalizer) ?? false;
  if (!metadata?.deletionTimestamp) return isHeld ? "keep" : "add";
  return isHeld && !isUsed ? "remove" : "keep";
}

/** A pod that has no node yet uses nothing: no node would start it with a claim that is going. */
export function usesClaim(pod: Pod, claim: PersistentVolumeClaim): boolean {
  if (!pod.spec?.nodeName) return false;
  return claimsOfPod(pod).some(
    ({ claim: name, isEphemeral }) =>
      name === claim.metadata?.name && (!isEphemeral || (!isShutDown(pod) && isClaimForPod(claim, pod))),
  );
}

export function isVolumeUsed({ status }: PersistentVolume): boolean {
  return status?.phase === "Bound";
}

/** Its node has done with it, or it was deleted by force. Its own claims need not wait until the object is gone: that may wait for them. */
function isShutDown({ metadata }: Pod): boolean {
  return metadata?.deletionTimestamp !== undefined && metadata.deletionGracePeriodSeconds === 0;
}
