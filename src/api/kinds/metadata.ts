import { dnsLabel, labelKey, labelValueRule, maxAnnotationBytes, type NameRule } from "../names.ts";
import type { ObjectMeta } from "../object.ts";
import type { KubernetesObject, Resource } from "../resource.ts";
import {
  type FieldErrors,
  fieldIsImmutable,
  forbiddenField,
  invalidValue,
  required,
  tooLong,
} from "./field-errors.ts";

/** Checks what every object has in common: name, namespace, labels, annotations, owners, finalizers. */
export function validateMetadata(
  object: KubernetesObject,
  resource: Pick<Resource, "namespaced">,
  nameRule: NameRule,
  errors: FieldErrors,
): void {
  const metadata = object.metadata ?? {};
  validateName(metadata, nameRule, errors);
  validateNamespace(metadata, resource.namespaced, errors);
  validateLabels(metadata.labels, "metadata.labels", errors);
  validateAnnotations(metadata.annotations, "metadata.annotations", errors);
  validateOwners(metadata, errors);
  for (const finalizer of metadata.finalizers ?? []) {
    for (const why of labelKey(finalizer)) errors.push(invalidValue("metadata.finalizers", finalizer, why));
    if (!finalizer.includes("/") && !standardFinalizers.has(finalizer)) {
      errors.push(
        invalidValue(
          "metadata.finalizers",
          finalizer,
          "name is neither a standard finalizer name nor is it fully qualified",
        ),
      );
    }
  }
}

/** Checks what may not change in metadata: identity, birth, and no new finalizers once deletion has begun. */
export function validateMetadataUpdate(
  object: KubernetesObject,
  old: KubernetesObject,
  errors: FieldErrors,
): void {
  const now = object.metadata ?? {};
  const before = old.metadata ?? {};
  for (const field of ["name", "namespace", "uid", "creationTimestamp"] as const) {
    if (now[field] !== before[field]) {
      errors.push(invalidValue(`metadata.${field}`, now[field] ?? "", fieldIsImmutable));
    }
  }
  if (before.deletionTimestamp === undefined || now.finalizers === undefined) return;
  const known = new Set(before.finalizers);
  const added = now.finalizers.filter((finalizer) => !known.has(finalizer));
  if (added.length > 0) {
    const list = added.map((finalizer) => JSON.stringify(finalizer)).join(", ");
    errors.push(
      forbiddenField(
        "metadata.finalizers",
        `no new finalizers can be added if the object is being deleted, found new finalizers []string{${list}}`,
      ),
    );
  }
}

export function validateLabels(
  labels: Readonly<Record<string, string>> | undefined,
  path: string,
  errors: FieldErrors,
): void {
  for (const key in labels) {
    if (knownKeys.has(key)) continue;
    const complaints = labelKey(key);
    if (complaints.length === 0) rememberKey(key);
    for (const why of complaints) errors.push(invalidValue(path, key, why));
  }
  for (const key in labels) {
    const value = labels[key] ?? "";
    for (const why of labelValueRule(value)) errors.push(invalidValue(path, value, why));
  }
}

export function validateAnnotations(
  annotations: Readonly<Record<string, string>> | undefined,
  path: string,
  errors: FieldErrors,
): void {
  let bytes = 0;
  for (const key in annotations) {
    for (const why of labelKey(key.toLowerCase())) errors.push(invalidValue(path, key, why));
    bytes += utf8Length(key) + utf8Length(annotations[key] ?? "");
  }
  if (bytes > maxAnnotationBytes) errors.push(tooLong(path, maxAnnotationBytes));
}

/** Length in bytes of UTF-8, without encoding it. */
export function utf8Length(text: string): number {
  let length = text.length;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit < 0x80) continue;
    // A surrogate pair is two units and four bytes; anything else above U+07FF is three.
    length += unit < 0x800 || (unit >= 0xd800 && unit <= 0xdfff) ? 1 : 2;
  }
  return length;
}

const standardFinalizers: ReadonlySet<string> = new Set(["kubernetes", "orphan", "foregroundDeletion"]);

/** Label keys that were found valid: a cluster uses few, again and again. */
const knownKeys = new Set<string>();
const maxKnownKeys = 4096;

function rememberKey(key: string): void {
  if (knownKeys.size < maxKnownKeys) knownKeys.add(key);
}

function validateName(metadata: ObjectMeta, nameRule: NameRule, errors: FieldErrors): void {
  if (metadata.generateName) {
    // The generated part is added after a prefix that may end in a dash.
    for (const why of nameRule(metadata.generateName.replace(/-+$/, "") || "a")) {
      errors.push(invalidValue("metadata.generateName", metadata.generateName, why));
    }
  }
  if (!metadata.name) {
    errors.push(required("metadata.name", "name or generateName is required"));
    return;
  }
  for (const why of nameRule(metadata.name)) errors.push(invalidValue("metadata.name", metadata.name, why));
}

function validateNamespace(metadata: ObjectMeta, namespaced: boolean, errors: FieldErrors): void {
  if (!namespaced) {
    if (metadata.namespace) {
      errors.push(forbiddenField("metadata.namespace", "not allowed on this type"));
    }
    return;
  }
  if (!metadata.namespace) {
    errors.push(required("metadata.namespace"));
    return;
  }
  for (const why of dnsLabel(metadata.namespace)) {
    errors.push(invalidValue("metadata.namespace", metadata.namespace, why));
  }
}

function validateOwners(metadata: ObjectMeta, errors: FieldErrors): void {
  let controller: string | undefined;
  for (const [index, owner] of (metadata.ownerReferences ?? []).entries()) {
    const path = `metadata.ownerReferences[${index}]`;
    if (!owner.apiVersion) errors.push(invalidValue(`${path}.apiVersion`, "", "version must not be empty"));
    if (!owner.kind) errors.push(invalidValue(`${path}.kind`, "", "must not be empty"));
    if (!owner.name) errors.push(invalidValue(`${path}.name`, "", "must not be empty"));
    if (!owner.uid) errors.push(invalidValue(`${path}.uid`, "", "must not be empty"));
    if (owner.kind === "Event" && owner.apiVersion === "v1") {
      errors.push(
        invalidValue(path, owner, `${owner.apiVersion}, Kind=Event is disallowed from being an owner`),
      );
    }
    if (!owner.controller) continue;
    const name = `${owner.kind}/${owner.name}`;
    if (controller !== undefined) {
      errors.push(
        invalidValue(
          "metadata.ownerReferences",
          metadata.ownerReferences,
          `Only one reference can have Controller set to true. Found "true" in references for ${controller} and ${name}`,
        ),
      );
    }
    controller = name;
  }
}
