import { leases } from "../generated/resources.ts";
import type { Lease } from "../generated/types.ts";
import { age } from "../table/age.ts";
import { ageColumn, column, nameColumn } from "../table/name-and-age.ts";
import { defineKind } from "./define-kind.ts";
import { checkNonNegative, checkPositive } from "./field-errors.ts";
import type { KindDefinition } from "./kind-definition.ts";

/** Leases: who leads, and which node is alive. */
export const leaseKind: KindDefinition<Lease> = defineKind(leases, {
  createOnUpdate: true,
  validate({ spec }, errors) {
    checkPositive(errors, "spec.leaseDurationSeconds", spec?.leaseDurationSeconds);
    checkNonNegative(errors, "spec.leaseTransitions", spec?.leaseTransitions);
  },
  columns: {
    columns: [nameColumn(), column("Holder", "Who has it."), ageColumn()],
    row: ({ metadata, spec }, nowMs) => [
      metadata?.name ?? "",
      spec?.holderIdentity ?? "",
      age(metadata?.creationTimestamp, nowMs),
    ],
  },
});
