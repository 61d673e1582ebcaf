import type { PersistentVolume, PersistentVolumeClaim, StorageClass } from "../generated/types.ts";

const betaClass = "volume.beta.kubernetes.io/storage-class";

/** On a class: claims that name none get it. */
export const isDefaultClassAnnotation = "storageclass.kubernetes.io/is-default-class";

/** Of a class that only stands for volumes that people make. */
export const noProvisioner = "kubernetes.io/no-provisioner";

/** The class that a claim asks for; empty when it wants a volume without one. */
export function classOfClaim({ metadata, spec }: PersistentVolumeClaim): string {
  return metadata?.annotations?.[betaClass] ?? spec?.storageClassName ?? "";
}

/** Whether a claim says anything of a class: `""` does, and then gets no default. */
export function namesClass({ metadata, spec }: PersistentVolumeClaim): boolean {
  return metadata?.annotations?.[betaClass] !== undefined || spec?.storageClassName !== undefined;
}

export function classOfVolume({ metadata, spec }: PersistentVolume): string {
  return metadata?.annotations?.[betaClass] ?? spec?.storageClassName ?? "";
}

export function isDefaultClass({ metadata }: StorageClass): boolean {
  return (
    metadata?.annotations?.[isDefaultClassAnnotation] === "true" ||
    metadata?.annotations?.["storageclass.beta.kubernetes.io/is-default-class"] === "true"
  );
}

/** The default class; of several, the youngest, as Kubernetes decides, so that a new one takes over at once. */
export function defaultClass(classes: Iterable<StorageClass>): StorageClass | undefined {
  let found: StorageClass | undefined;
  for (const each of classes) {
    if (isDefaultClass(each) && (!found || comesBefore(each, found))) found = each;
  }
  return found;
}

function comesBefore(a: StorageClass, b: StorageClass): boolean {
  const [bornA, bornB] = [a.metadata?.creationTimestamp ?? "", b.metadata?.creationTimestamp ?? ""];
  if (bornA !== bornB) return bornA > bornB;
  return (a.metadata?.name ?? "") < (b.metadata?.name ?? "");
}

/** Whether volumes of the class wait for the first pod that needs them. */
export function waitsForConsumer(storageClass: StorageClass | undefined): boolean {
  return storageClass?.volumeBindingMode === "WaitForFirstConsumer";
}
