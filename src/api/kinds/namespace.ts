import { namespaces } from "../generated/resources.ts";
import type { Namespace } from "../generated/types.ts";
import { dnsLabel } from "../names.ts";
import { age } from "../table/age.ts";
import { ageColumn, column, nameColumn } from "../table/name-and-age.ts";
import { defineKind, metadataOf, partOf } from "./define-kind.ts";
import { invalidValue } from "./field-errors.ts";
import type { KindDefinition } from "./kind-definition.ts";

const nameLabel = "kubernetes.io/metadata.name";

/** Namespaces: deleted in two steps, held by `spec.finalizers` until everything in them is gone. */
export const namespaceKind: KindDefinition<Namespace> = defineKind(namespaces, {
  nameRule: dnsLabel,
  hasGeneration: false,
  defaults(namespace) {
    const metadata = metadataOf(namespace);
    if (!metadata.name) return;
    metadata.labels ??= {};
    metadata.labels[nameLabel] = metadata.name;
  },
  prepareForCreate(namespace) {
    namespace.status = { phase: "Active" };
    namespace.spec ??= {};
    namespace.spec.finalizers ??= [];
    if (!namespace.spec.finalizers.includes("kubernetes")) namespace.spec.finalizers.push("kubernetes");
  },
  prepareForUpdate(namespace, old) {
    const finalizers = old.spec?.finalizers;
    if (finalizers) namespace.spec = { ...namespace.spec, finalizers };
  },
  validate({ metadata }, errors) {
    if (metadata?.name && metadata.labels?.[nameLabel] !== metadata.name) {
      errors.push(
        invalidValue(
          `metadata.labels[${nameLabel}]`,
          metadata.labels?.[nameLabel],
          `must be ${metadata.name}`,
        ),
      );
    }
  },
  validateStatus(namespace, _, errors) {
    const isTerminating = namespace.metadata?.deletionTimestamp !== undefined;
    const expected = isTerminating ? "Terminating" : "Active";
    if (namespace.status?.phase !== expected) {
      const detail = isTerminating
        ? "may only be 'Terminating' if `deletionTimestamp` is not empty"
        : "may only be 'Active' if `deletionTimestamp` is empty";
      errors.push(invalidValue("status.Phase", namespace.status?.phase, detail));
    }
  },
  subresources: { finalize: partOf(["spec"], () => []) },
  selectableFields: {
    "status.phase": ({ status }) => status?.phase ?? "",
    name: ({ metadata }) => metadata?.name ?? "",
  },
  columns: {
    columns: [nameColumn(), column("Status", "Whether it lives or is being deleted."), ageColumn()],
    row: ({ metadata, status }, nowMs) => [
      metadata?.name ?? "",
      status?.phase ?? "",
      age(metadata?.creationTimestamp, nowMs),
    ],
  },
  deletion: {
    isHeld: ({ spec }) => (spec?.finalizers?.length ?? 0) > 0,
    markDeleted(namespace) {
      namespace.status = { ...namespace.status, phase: "Terminating" };
    },
  },
});
