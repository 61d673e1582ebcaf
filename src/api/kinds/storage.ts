import { csiNodes, storageClasses, volumeAttachments } from "../generated/resources.ts";
import type { CSINode, StorageClass, VolumeAttachment } from "../generated/types.ts";
import { jsonEqual } from "../json.ts";
import { labelKey } from "../names.ts";
import { age } from "../table/age.ts";
import { ageColumn, column, nameColumn } from "../table/name-and-age.ts";
import { defineKind } from "./define-kind.ts";
import {
  checkNonNegative,
  checkOneOf,
  duplicate,
  forbiddenField,
  invalidValue,
  required,
} from "./field-errors.ts";
import type { KindDefinition } from "./kind-definition.ts";

export const storageClassKind: KindDefinition<StorageClass> = defineKind(storageClasses, {
  defaults(storageClass) {
    storageClass.reclaimPolicy ??= "Delete";
    storageClass.volumeBindingMode ??= "Immediate";
  },
  validate({ provisioner, reclaimPolicy, volumeBindingMode, allowedTopologies }, errors) {
    if (!provisioner) errors.push(required("provisioner"));
    checkOneOf(errors, "reclaimPolicy", reclaimPolicy, ["Delete", "Retain"]);
    checkOneOf(errors, "volumeBindingMode", volumeBindingMode, ["Immediate", "WaitForFirstConsumer"]);
    for (const [index, { matchLabelExpressions }] of (allowedTopologies ?? []).entries()) {
      for (const [at, { key, values }] of (matchLabelExpressions ?? []).entries()) {
        const path = `allowedTopologies[${index}].matchLabelExpressions[${at}]`;
        for (const why of labelKey(key ?? "")) errors.push(invalidValue(`${path}.key`, key ?? "", why));
        if (!values?.length) errors.push(required(`${path}.values`));
      }
    }
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

/** What the drivers of a node can take. The node writes it as its drivers come and go. */
export const csiNodeKind: KindDefinition<CSINode> = defineKind(csiNodes, {
  validate({ spec }, errors) {
    const names = new Set<string>();
    for (const [index, { name, nodeID, allocatable }] of (spec?.drivers ?? []).entries()) {
      const path = `spec.drivers[${index}]`;
      if (!name) errors.push(required(`${path}.name`));
      else if (names.has(name)) errors.push(duplicate(`${path}.name`, name));
      names.add(name);
      if (!nodeID) errors.push(required(`${path}.nodeID`));
      checkNonNegative(errors, `${path}.allocatable.count`, allocatable?.count);
    }
  },
  columns: {
    columns: [nameColumn(), column("Drivers", "How many drivers there are.", "integer"), ageColumn()],
    row: ({ metadata, spec }, nowMs) => [
      metadata?.name ?? "",
      spec?.drivers?.length ?? 0,
      age(metadata?.creationTimestamp, nowMs),
    ],
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
