import type { PodSpec, Volume } from "#api";
import { only } from "#client";

/** Kinds of volumes that say where a pod may go. Everything else is made where the pod comes to be. */
const kinds = ["persistentVolumeClaim", "awsElasticBlockStore", "gcePersistentDisk", "iscsi", "rbd"] as const;

/** What scheduling reads of a pod's volumes; undefined when that is nothing. */
export function placingVolumes({ volumes }: PodSpec): Volume[] | undefined {
  const found = volumes?.flatMap((volume) => {
    const { name } = volume;
    // The claim's template is of no interest here, only that there is one.
    if (volume.ephemeral) return [{ name, ephemeral: {} }];
    return kinds.some((kind) => volume[kind]) ? [only(volume, ["name", ...kinds])] : [];
  });
  return found?.length ? found : undefined;
}
