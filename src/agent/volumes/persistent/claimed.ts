import {
  isClaimForPod,
  modeOf,
  type PersistentVolume,
  type Pod,
  type PodClaim,
  persistentVolumeClaims,
  persistentVolumes,
} from "#api";
import type { ObjectSource } from "../../objects.ts";

/** The volume behind a pod's claim. Throws in the kubelet's words while there is none that the pod may use. */
export async function claimedVolume(
  objects: Pick<ObjectSource, "get">,
  pod: Pod,
  { claim: name, isEphemeral }: PodClaim,
): Promise<PersistentVolume> {
  const { namespace = "" } = pod.metadata ?? {};
  const failed = (why: string) => new Error(`error processing PVC ${namespace}/${name}: ${why}`);
  const claim = await objects.get(persistentVolumeClaims, namespace, name);
  if (!claim) throw failed(`failed to fetch PVC from API server: persistentvolumeclaims "${name}" not found`);
  if (isEphemeral && !isClaimForPod(claim, pod))
    throw failed(`PVC was not created for pod ${namespace}/${pod.metadata?.name} (pod is not owner)`);
  if (claim.metadata?.deletionTimestamp) throw failed("PVC is being deleted");
  const volumeName = claim.spec?.volumeName;
  if (claim.status?.phase !== "Bound" || !volumeName) throw failed("PVC is not bound");
  const volume = await objects.get(persistentVolumes, "", volumeName);
  if (!volume)
    throw failed(
      `failed to fetch PV ${volumeName} from API server: persistentvolumes "${volumeName}" not found`,
    );
  if (volume.spec?.claimRef?.uid !== claim.metadata?.uid)
    throw failed(`PV ${volumeName} is bound to another claim`);
  if (modeOf(volume) === "Block")
    throw failed(
      `PV ${volumeName} is a raw device (volumeMode Block), which this node cannot give to containers`,
    );
  return volume;
}
