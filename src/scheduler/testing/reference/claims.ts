import type { PersistentVolume, PersistentVolumeClaim, Pod, StorageClass } from "#api";
import { nameOf, namespaceOf, type World } from "./world.ts";

/** The claims that a pod names, each once; undefined for one that is not there. */
export function claimsOf(pod: Pod, world: World): readonly (PersistentVolumeClaim | undefined)[] {
  const names = new Set<string>();
  for (const { persistentVolumeClaim } of pod.spec?.volumes ?? [])
    if (persistentVolumeClaim) names.add(persistentVolumeClaim.claimName);
  return [...names].map((name) =>
    world.persistentVolumeClaims.find(
      (claim) => nameOf(claim) === name && namespaceOf(claim) === namespaceOf(pod),
    ),
  );
}

/** The volume that a claim names, if it is there. */
export function volumeOf(claim: PersistentVolumeClaim, world: World): PersistentVolume | undefined {
  return world.persistentVolumes.find((volume) => nameOf(volume) === claim.spec?.volumeName);
}

export function classOf(claim: PersistentVolumeClaim, world: World): StorageClass | undefined {
  return world.storageClasses.find((each) => nameOf(each) === claim.spec?.storageClassName);
}

export function isBound(claim: PersistentVolumeClaim): boolean {
  return (
    claim.spec?.volumeName !== undefined &&
    claim.metadata?.annotations?.["pv.kubernetes.io/bind-completed"] === "yes"
  );
}
