import {
  classOfClaim,
  compareQuantities,
  type PersistentVolumeClaim,
  persistentVolumeClaims,
  requestOf,
  storageClasses,
} from "#api";
import type { AdmissionPlugin } from "../ports.ts";
import { objectForbidden } from "./object-forbidden.ts";

/** A claim may ask for more only where its class says that volumes can grow. */
export function claimResize(): AdmissionPlugin {
  return {
    name: "PersistentVolumeClaimResize",
    handles: ({ operation, resource, subresource }) =>
      operation === "UPDATE" &&
      resource?.resource === persistentVolumeClaims.resource &&
      resource.group === persistentVolumeClaims.group &&
      !subresource,
    validate(attributes) {
      const claim = attributes.object as PersistentVolumeClaim;
      const old = attributes.oldObject as PersistentVolumeClaim;
      if (compareQuantities(requestOf(claim), requestOf(old)) <= 0) return;
      if (old.status?.phase !== "Bound")
        throw objectForbidden(attributes, "Only bound persistent volume claims can be expanded");
      const name = classOfClaim(claim);
      if (name && attributes.read.get(storageClasses, name)?.allowVolumeExpansion) return;
      throw objectForbidden(
        attributes,
        "only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize",
      );
    },
  };
}
