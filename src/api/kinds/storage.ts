import { storageClasses, volumeAttachments } from "../generated/resources.ts";
import type { StorageClass, VolumeAttachment } from "../generated/types.ts";
import { jsonEqual } from "../json.ts";
import { age } from "../table/age.ts";
import { ageColumn, column, nameColumn } from "../table/name-and-age.ts";
import { defineKind } from "./define-kind.ts";
import { forbiddenField, required } from "./field-errors.ts";
import type { KindDefinition } from "./kind-definition.ts";

export const storageClassKind: KindDefinition<StorageClass> = defineKind(storageClasses, {
  defaults(storageClass) {
    storageClass.reclaimPolicy ??= "Delete";
    storageClass.volumeBindingMode ??= "Immediate";
  },
  validate({ provisioner }, errors) {
    if (!provisioner) errors.push(required("provisioner"));
  },
  validateChange(storageClass, old, errors) {
    for (const field of ["parameters", "provisioner", "reclaimPolicy", "volumeBindingMode"] as const) {
      if (jsonEqual(storageClass[field], old[field])) continue;
      errors.push(forbiddenField(field, `updates to ${field} are forbidden.`));
    }
  },
  columns: {
    columns: [
      nameColumn(),
      column("Provisioner", "Who makes its volumes."),
      column("ReclaimPolicy", "What becomes of a volume without its claim."),
      column("VolumeBindingMode", "When a volume is made."),
      column("AllowVolumeExpansion", "Whether volumes can grow.", "boolean"),
      ageColumn(),
    ],
    row: (storageClass, nowMs) => {
      const { metadata, provisioner, reclaimPolicy, volumeBindingMode, allowVolumeExpansion } = storageClass;
      const isDefault = metadata?.annotations?.["storageclass.kubernetes.io/is-default-class"] === "true";
      return [
        `${metadata?.name ?? ""}${isDefault ? " (default)" : ""}`,
        provisioner,
        reclaimPolicy ?? "Delete",
        volumeBindingMode ?? "Immediate",
        allowVolumeExpansion ?? false,
        age(metadata?.creationTimestamp, nowMs),
      ];
    },
  },
});

export const volumeAttachmentKind: KindDefinition<VolumeAttachment> = defineKind(volumeAttachments, {
  hasGeneration: false,
  columns: {
    columns: [
      nameColumn(),
      column("Attacher", "Who attaches it."),
      column("PV", "Which volume."),
      column("Node", "To which node."),
      column("Attached", "Whether it is.", "boolean"),
      ageColumn(),
    ],
    row: ({ metadata, spec, status }, nowMs) => [
      metadata?.name ?? "",
      spec?.attacher ?? "",
      spec?.source?.persistentVolumeName ?? "",
      spec?.nodeName ?? "",
      status?.attached ?? false,
      age(metadata?.creationTimestamp, nowMs),
    ],
  },
});
