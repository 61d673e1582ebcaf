import {
  defaultClass,
  namesClass,
  type PersistentVolumeClaim,
  persistentVolumeClaims,
  storageClasses,
} from "#api";
import type { AdmissionPlugin } from "../ports.ts";

/** A claim that says nothing of a class gets the default one, if there is one. One that says `""` wants none. */
export function defaultStorageClass(): AdmissionPlugin {
  return {
    name: "DefaultStorageClass",
    handles: ({ operation, resource, subresource }) =>
      operation === "CREATE" &&
      resource?.resource === persistentVolumeClaims.resource &&
      resource.group === persistentVolumeClaims.group &&
      !subresource,
    mutate({ object, read }) {
      const claim = object as PersistentVolumeClaim;
      if (!claim.spec || namesClass(claim)) return;
      const name = defaultClass(read.list(storageClasses))?.metadata?.name;
      if (name !== undefined) claim.spec.storageClassName = name;
    },
  };
}
