import { persistentVolumeClaims } from "../generated/resources.ts";
import type { PersistentVolumeClaim, PersistentVolumeClaimSpec } from "../generated/types.ts";
import { jsonEqual } from "../json.ts";
import { dnsSubdomain } from "../names.ts";
import { compareQuantities, tryParseQuantity } from "../quantity.ts";
import { age } from "../table/age.ts";
import { ageColumn, column, nameColumn, wideColumn } from "../table/name-and-age.ts";
import { namesClass } from "../volume/storage-class.ts";
import { copyField, defineKind } from "./define-kind.ts";
import { checkOneOf, type FieldErrors, forbiddenField, invalidValue, required } from "./field-errors.ts";
import type { KindDefinition } from "./kind-definition.ts";
import { accessModes, validateAccessModes, volumeModes } from "./persistent-volume.ts";
import { defaultResourceList, validateResourceList } from "./resource-list.ts";
import { validateLabelSelector } from "./validate-label-selector.ts";

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
      validateClaimSpec(spec, "spec", errors);
    },
    validateChange: validateClaimChange,
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

/** Also for the templates of claims in pods. */
export function validateClaimSpec(
  spec: PersistentVolumeClaimSpec | undefined,
  path: string,
  errors: FieldErrors,
): void {
  if (!spec?.accessModes?.length)
    errors.push(required(`${path}.accessModes`, "at least 1 access mode is required"));
  validateAccessModes(spec?.accessModes, `${path}.accessModes`, errors);
  validateLabelSelector(spec?.selector, `${path}.selector`, errors);
  validateResourceList(spec?.resources?.requests, `${path}.resources.requests`, errors);
  const amount = spec?.resources?.requests?.storage;
  if (amount === undefined) errors.push(required(`${path}.resources[storage]`));
  else if (tryParseQuantity(amount)?.nanos === 0n)
    errors.push(invalidValue(`${path}.resources[storage]`, String(amount), "must be greater than zero"));
  if (spec?.storageClassName) {
    for (const why of dnsSubdomain(spec.storageClassName))
      errors.push(invalidValue(`${path}.storageClassName`, spec.storageClassName, why));
  }
  checkOneOf(errors, `${path}.volumeMode`, spec?.volumeMode, volumeModes);
}

/**
 * A claim is a contract: what it asks for stays as it is, so that nobody gets by a change what quotas or provisioning would have refused.
 * Only a bound one may ask for more; one without a class may get the default later, one without a volume its volume.
 */
function validateClaimChange(
  claim: PersistentVolumeClaim,
  old: PersistentVolumeClaim,
  errors: FieldErrors,
): void {
  const wanted: PersistentVolumeClaimSpec = { ...claim.spec };
  if (!old.spec?.volumeName) copyField(old.spec ?? {}, wanted, "volumeName");
  if (!namesClass(old)) copyField(old.spec ?? {}, wanted, "storageClassName");
  copyField(old.spec ?? {}, wanted, "volumeAttributesClassName");
  const storage = old.spec?.resources?.requests?.storage;
  if (old.status?.phase === "Bound" && wanted.resources?.requests && storage !== undefined)
    wanted.resources = { ...wanted.resources, requests: { ...wanted.resources.requests, storage } };
  if (!jsonEqual(wanted, old.spec ?? {})) errors.push(forbiddenField("spec", immutableClaim));
  else validateSize(claim, old, errors);
}

const immutableClaim =
  "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims";

/** A growth that failed may be taken back as far as what there is; nothing ever shrinks. */
function validateSize(claim: PersistentVolumeClaim, old: PersistentVolumeClaim, errors: FieldErrors): void {
  const wanted = tryParseQuantity(claim.spec?.resources?.requests?.storage ?? "");
  const before = tryParseQuantity(old.spec?.resources?.requests?.storage ?? "");
  if (!wanted || !before || compareQuantities(wanted, before) >= 0) return;
  const present = tryParseQuantity(old.status?.capacity?.storage ?? "");
  if (present && compareQuantities(wanted, present) > 0) return;
  errors.push(
    forbiddenField("spec.resources.requests.storage", "field can not be less than status.capacity"),
  );
}

export function defaultClaimSpec(spec: PersistentVolumeClaimSpec | undefined): void {
  if (!spec) return;
  spec.volumeMode ??= "Filesystem";
  defaultResourceList(spec.resources?.requests);
  defaultResourceList(spec.resources?.limits);
}
