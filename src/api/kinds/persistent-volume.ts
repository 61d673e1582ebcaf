import { persistentVolumes } from "../generated/resources.ts";
import type { PersistentVolume } from "../generated/types.ts";
import { age } from "../table/age.ts";
import { ageColumn, column, nameColumn, wideColumn } from "../table/name-and-age.ts";
import { defineKind } from "./define-kind.ts";
import { required } from "./field-errors.ts";
import type { KindDefinition } from "./kind-definition.ts";
import { defaultResourceList, validateResourceList } from "./resource-list.ts";

/** Volumes: storage that is there. */
export const persistentVolumeKind: KindDefinition<PersistentVolume> = defineKind(persistentVolumes, {
  hasGeneration: false,
  defaults({ spec }) {
    if (!spec) return;
    spec.persistentVolumeReclaimPolicy ??= "Retain";
    spec.volumeMode ??= "Filesystem";
    if (spec.hostPath) spec.hostPath.type ??= "";
    defaultResourceList(spec.capacity);
  },
  prepareForCreate(volume) {
    volume.status = { phase: "Pending" };
  },
  validate({ spec }, errors) {
    if (!spec?.accessModes?.length) errors.push(required("spec.accessModes"));
    if (!spec?.capacity?.storage) errors.push(required("spec.capacity"));
    validateResourceList(spec?.capacity, "spec.capacity", errors);
  },
  columns: {
    columns: [
      nameColumn(),
      column("Capacity", "How large it is."),
      column("Access Modes", "Who may mount it, and how."),
      column("Reclaim Policy", "What becomes of it without its claim."),
      column("Status", "Whether it is taken."),
      column("Claim", "Whose it is."),
      column("StorageClass", "What kind of storage it is."),
      column("VolumeAttributesClass", "How it performs."),
      column("Reason", "Why it is in this state."),
      ageColumn(),
      wideColumn("VolumeMode", "A file system or a raw device."),
    ],
    row: ({ metadata, spec, status }, nowMs) => [
      metadata?.name ?? "",
      String(spec?.capacity?.storage ?? ""),
      accessModes(spec?.accessModes),
      spec?.persistentVolumeReclaimPolicy ?? "",
      metadata?.deletionTimestamp ? "Terminating" : (status?.phase ?? ""),
      spec?.claimRef ? `${spec.claimRef.namespace}/${spec.claimRef.name}` : "",
      spec?.storageClassName ?? "",
      spec?.volumeAttributesClassName ?? "<unset>",
      status?.reason ?? "",
      age(metadata?.creationTimestamp, nowMs),
      spec?.volumeMode ?? "<unset>",
    ],
  },
});

const shortModes: Readonly<Record<string, string>> = {
  ReadWriteOnce: "RWO",
  ReadOnlyMany: "ROX",
  ReadWriteMany: "RWX",
  ReadWriteOncePod: "RWOP",
};

/** `RWO,ROX` */
export function accessModes(modes: readonly string[] | undefined): string {
  const present = new Set(modes);
  return Object.entries(shortModes)
    .filter(([mode]) => present.has(mode))
    .map(([, short]) => short)
    .join(",");
}
