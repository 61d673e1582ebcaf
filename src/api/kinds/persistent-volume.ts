import { persistentVolumes } from "../generated/resources.ts";
import type { PersistentVolume, PersistentVolumeSpec } from "../generated/types.ts";
import { type JsonObject, jsonEqual } from "../json.ts";
import { dnsSubdomain } from "../names.ts";
import { age } from "../table/age.ts";
import { ageColumn, column, nameColumn, wideColumn } from "../table/name-and-age.ts";
import { defineKind } from "./define-kind.ts";
import {
  checkOneOf,
  type FieldErrors,
  fieldIsImmutable,
  forbiddenField,
  invalidValue,
  notSupported,
  required,
} from "./field-errors.ts";
import type { KindDefinition } from "./kind-definition.ts";
import { validateNodeTerm } from "./pod/validate-placement.ts";
import { defaultResourceList, validateResourceList } from "./resource-list.ts";

/** Volumes: storage that is there. */
export const persistentVolumeKind: KindDefinition<PersistentVolume> = defineKind(persistentVolumes, {
  hasGeneration: false,
  defaults({ spec }) {
    if (!spec) return;
    spec.persistentVolumeReclaimPolicy ||= "Retain";
    spec.volumeMode ??= "Filesystem";
    if (spec.hostPath) spec.hostPath.type ??= "";
    defaultResourceList(spec.capacity);
  },
  prepareForCreate(volume) {
    volume.status = { phase: "Pending" };
  },
  validate({ spec }, errors) {
    validateVolumeSpec(spec ?? {}, errors);
  },
  validateChange: validateVolumeChange,
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

/** Fields of the spec that say something of any volume; every other one is a place where its data lie. */
const commonFields: ReadonlySet<string> = new Set([
  "accessModes",
  "capacity",
  "claimRef",
  "mountOptions",
  "nodeAffinity",
  "persistentVolumeReclaimPolicy",
  "storageClassName",
  "volumeAttributesClassName",
  "volumeMode",
]);

function sourceOf(spec: PersistentVolumeSpec): JsonObject {
  return Object.fromEntries(
    Object.entries(spec).filter(([field, value]) => !commonFields.has(field) && value !== undefined),
  );
}

function validateVolumeSpec(spec: PersistentVolumeSpec, errors: FieldErrors): void {
  if (!spec.accessModes?.length) errors.push(required("spec.accessModes"));
  validateAccessModes(spec.accessModes, "spec.accessModes", errors);
  if (!spec.capacity?.storage) errors.push(required("spec.capacity"));
  for (const name of Object.keys(spec.capacity ?? {}))
    if (name !== "storage") errors.push(notSupported("spec.capacity", name, ["storage"]));
  validateResourceList(spec.capacity, "spec.capacity", errors);
  checkOneOf(errors, "spec.persistentVolumeReclaimPolicy", spec.persistentVolumeReclaimPolicy, [
    "Delete",
    "Recycle",
    "Retain",
  ]);
  checkOneOf(errors, "spec.volumeMode", spec.volumeMode, volumeModes);
  if (spec.storageClassName) {
    for (const why of dnsSubdomain(spec.storageClassName))
      errors.push(invalidValue("spec.storageClassName", spec.storageClassName, why));
  }
  validateSource(spec, errors);
  validateAffinity(spec, errors);
}

function validateSource(spec: PersistentVolumeSpec, errors: FieldErrors): void {
  const [source, ...more] = Object.keys(sourceOf(spec));
  if (source === undefined) errors.push(required("spec", "must specify a volume type"));
  for (const extra of more)
    errors.push(forbiddenField(`spec.${extra}`, "may not specify more than 1 volume type"));
  for (const field of ["hostPath", "local"] as const) {
    const path = spec[field]?.path;
    if (!spec[field]) continue;
    if (!path) errors.push(required(`spec.${field}.path`));
    else if (path.split("/").includes(".."))
      errors.push(invalidValue(`spec.${field}.path`, path, "must not contain '..'"));
  }
  if (spec.hostPath?.path === "/" && spec.persistentVolumeReclaimPolicy === "Recycle") {
    errors.push(
      forbiddenField(
        "spec.persistentVolumeReclaimPolicy",
        "may not be 'recycle' for a hostPath mount of '/'",
      ),
    );
  }
}

function validateAffinity({ nodeAffinity, local }: PersistentVolumeSpec, errors: FieldErrors): void {
  const path = "spec.nodeAffinity";
  if (!nodeAffinity?.required) {
    if (nodeAffinity) errors.push(required(`${path}.required`, "must specify required node constraints"));
    else if (local) errors.push(required(path, "Local volume requires node affinity"));
    return;
  }
  const { nodeSelectorTerms } = nodeAffinity.required;
  if (!nodeSelectorTerms?.length) {
    const why = "must have at least one node selector term";
    errors.push(required(`${path}.required.nodeSelectorTerms`, why));
  }
  for (const [index, term] of (nodeSelectorTerms ?? []).entries())
    validateNodeTerm(term, `${path}.required.nodeSelectorTerms[${index}]`, errors);
}

/** Where the data lie never changes; who may use them from where is said once. */
function validateVolumeChange(
  { spec = {} }: PersistentVolume,
  { spec: old = {} }: PersistentVolume,
  errors: FieldErrors,
): void {
  if (!jsonEqual(sourceOf(spec), sourceOf(old))) {
    const why = "spec.persistentvolumesource is immutable after creation";
    errors.push(forbiddenField("spec.persistentvolumesource", why));
  }
  if (spec.volumeMode !== old.volumeMode)
    errors.push(invalidValue("spec.volumeMode", spec.volumeMode, fieldIsImmutable));
  if (old.nodeAffinity && !jsonEqual(spec.nodeAffinity, old.nodeAffinity))
    errors.push(invalidValue("spec.nodeAffinity", spec.nodeAffinity, fieldIsImmutable));
}

export const volumeModes: readonly string[] = ["Block", "Filesystem"];

/** Also of claims. */
export function validateAccessModes(
  modes: readonly string[] | undefined,
  path: string,
  errors: FieldErrors,
): void {
  const known = Object.keys(shortModes);
  for (const mode of modes ?? [])
    if (!known.includes(mode)) errors.push(notSupported(path, mode, known.toSorted()));
  if (modes && modes.length > 1 && modes.includes("ReadWriteOncePod"))
    errors.push(forbiddenField(path, "may not use ReadWriteOncePod with other access modes"));
}

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
