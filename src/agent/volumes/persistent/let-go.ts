import { localFinalizer, type PersistentVolume, persistentVolumes, volumeProtection } from "#api";
import { isNotFound } from "#base";
import type { Client } from "#client";

/**
 * Whether a volume that is a directory is over: deleted, and nobody's any more. One that is deleted while it is bound still has its claim's
 * data.
 */
export function isVolumeOver({ metadata, status }: PersistentVolume): boolean {
  const finalizers = metadata?.finalizers ?? [];
  return (
    metadata?.deletionTimestamp !== undefined &&
    finalizers.includes(localFinalizer) &&
    !finalizers.includes(volumeProtection) &&
    status?.phase !== "Bound"
  );
}

/** Says that its directory is gone: nothing holds the volume any more. */
export async function letGoOfVolume(client: Client, { metadata }: PersistentVolume): Promise<void> {
  const { name = "", uid, resourceVersion, finalizers = [] } = metadata ?? {};
  const left = finalizers.filter((one) => one !== localFinalizer);
  const patch = { metadata: { uid, resourceVersion, finalizers: left } };
  await client
    .resource(persistentVolumes)
    .patch(name, { type: "merge", patch })
    .catch((error) => {
      if (!isNotFound(error)) throw error;
    });
}
