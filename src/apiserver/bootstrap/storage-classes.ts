import { isDefaultClassAnnotation, localClassName, localProvisioner, type StorageClass } from "#api";

/**
 * The class that every cluster begins with, so that a claim needs nothing but a size: directories of the nodes (decision 29). What
 * people change of it stays; a class of theirs that is younger and marked as the default takes over.
 */
export function builtInStorageClass(): StorageClass {
  return {
    apiVersion: "storage.k8s.io/v1",
    kind: "StorageClass",
    metadata: { name: localClassName, annotations: { [isDefaultClassAnnotation]: "true" } },
    provisioner: localProvisioner,
    reclaimPolicy: "Delete",
    volumeBindingMode: "WaitForFirstConsumer",
    allowVolumeExpansion: true,
  };
}
