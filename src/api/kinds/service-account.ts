import { serviceAccounts } from "../generated/resources.ts";
import type { ServiceAccount } from "../generated/types.ts";
import { age } from "../table/age.ts";
import { ageColumn, column, nameColumn } from "../table/name-and-age.ts";
import { defineKind } from "./define-kind.ts";
import type { KindDefinition } from "./kind-definition.ts";

/** Service accounts: who pods are to the API. */
export const serviceAccountKind: KindDefinition<ServiceAccount> = defineKind(serviceAccounts, {
  columns: {
    columns: [nameColumn(), column("Secrets", "How many secrets it names.", "integer"), ageColumn()],
    row: ({ metadata, secrets }, nowMs) => [
      metadata?.name ?? "",
      secrets?.length ?? 0,
      age(metadata?.creationTimestamp, nowMs),
    ],
  },
});
