import {
  claimProtection,
  type KubernetesObject,
  persistentVolumeClaims,
  persistentVolumes,
  volumeProtection,
} from "#api";
import type { AdmissionPlugin } from "../ports.ts";

/** Claims and volumes are born with a finalizer: deleted while somebody uses them, they wait until nobody does. */
export function storageInUse(): AdmissionPlugin {
  return {
    name: "StorageObjectInUseProtection",
    handles: ({ operation, resource, subresource }) =>
      operation === "CREATE" &&
      !subresource &&
      resource?.group === "" &&
      finalizers[resource.resource] !== undefined,
    mutate({ object, resource }) {
      const finalizer = finalizers[resource.resource];
      if (object && finalizer !== undefined) hold(object, finalizer);
    },
  };
}

const finalizers: Readonly<Record<string, string>> = {
  [persistentVolumeClaims.resource]: claimProtection,
  [persistentVolumes.resource]: volumeProtection,
};

function hold(object: KubernetesObject, finalizer: string): void {
  object.metadata ??= {};
  const present = object.metadata.finalizers ?? [];
  if (!present.includes(finalizer)) object.metadata.finalizers = [...present, finalizer];
}
