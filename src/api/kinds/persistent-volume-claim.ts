import { persistentVolumeClaims } from "../generated/resources.ts";
import type { PersistentVolumeClaim, PersistentVolumeClaimSpec } from "../generated/types.ts";
import { jsonEqual } from "../json.ts";
import { age } from "../table/age.ts";
import { ageColumn, column, nameColumn, wideColumn } from "../table/name-and-age.ts";
import { defineKind } from "./define-kind.ts";
import { forbiddenField, required } from "./field-errors.ts";
import type { KindDefinition } from "./kind-definition.ts";
import { accessModes } from "./persistent-volume.ts";
import { defaultResourceList, validateResourceList } from "./resource-list.ts";

/** Claims: so much storage, wanted by pods. */
export const persistentVolumeClaimKind: KindDefinition<PersistentVolumeClaim> = defineKind(
  persistentVolumeClaims,
  {
    hasGeneration: false,
    defaults: ({ spec }) => defaultClaimSpec(spec),
    prepareForCreate(claim) {
      claim.status = { phase: "Pending" };
    },
    validate({ spec }, errors) {
      if (!spec?.accessModes?.length)
        errors.push(required("spec.accessModes", "at least 1 access mode is required"));
      if (spec?.resources?.requests?.storage === undefined) errors.push(required("spec.resources[storage]"));
      validateResourceList(spec?.resources?.requests, "spec.resources.requests", errors);
    },
    validateChange({ spec }, old, errors) {
      const fixed = ({
        resources: _,
        volumeAttributesClassName: __,
        volumeName: ___,
        ...rest
      }: PersistentVolumeClaimSpec) => rest;
      const volumeChanged = old.spec?.volumeName && spec?.volumeName !== old.spec.volumeName;
      if (volumeChanged || !jsonEqual(fixed(spec ?? {}), fixed(old.spec ?? {}))) {
        errors.push(
          forbiddenField(
            "spec",
            "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims",
          ),
        );
      }
    },
    columns: {
      columns: [
        nameColumn(),
        column("Status", "Whether it has its volume."),
        column("Volume", "Which volume it has."),
        column("Capacity", "How large that is."),
        column("Access Modes", "Who may mount it, and how."),
        column("StorageClass", "What kind of storage it is."),
        column("VolumeAttributesClass", "How it performs."),
        ageColumn(),
        wideColumn("VolumeMode", "A file system or a raw device."),
      ],
      row: ({ metadata, spec, status }, nowMs) => [
        metadata?.name ?? "",
        metadata?.deletionTimestamp ? "Terminating" : (status?.phase ?? ""),
        spec?.volumeName ?? "",
        spec?.volumeName ? String(status?.capacity?.storage ?? "") : "",
        spec?.volumeName ? accessModes(status?.accessModes) : "",
        spec?.storageClassName ?? "",
        spec?.volumeAttributesClassName ?? "<unset>",
        age(metadata?.creationTimestamp, nowMs),
        spec?.volumeMode ?? "<unset>",
      ],
    },
  },
);

export function defaultClaimSpec(spec: PersistentVolumeClaimSpec | undefined): void {
  if (!spec) return;
  spec.volumeMode ??= "Filesystem";
  defaultResourceList(spec.resources?.requests);
  defaultResourceList(spec.resources?.limits);
}
