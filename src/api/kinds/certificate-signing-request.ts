import { certificateSigningRequests } from "../generated/resources.ts";
import type { CertificateSigningRequest } from "../generated/types.ts";
import { age, duration } from "../table/age.ts";
import { ageColumn, column, nameColumn } from "../table/name-and-age.ts";
import { defineKind, partOf } from "./define-kind.ts";
import { required } from "./field-errors.ts";
import type { KindDefinition } from "./kind-definition.ts";

/** Requests for certificates. What was asked for never changes; approval and status have doors of their own. */
export const certificateSigningRequestKind: KindDefinition<CertificateSigningRequest> = defineKind(
  certificateSigningRequests,
  {
    hasGeneration: false,
    prepareForUpdate(request, old) {
      request.spec = old.spec;
    },
    validate({ spec }, errors) {
      if (!spec?.request) errors.push(required("spec.request"));
      if (!spec?.signerName) errors.push(required("spec.signerName"));
      if (!spec?.usages?.length) errors.push(required("spec.usages"));
    },
    subresources: { approval: partOf(["status"], () => []) },
    selectableFields: { "spec.signerName": ({ spec }) => spec?.signerName ?? "" },
    columns: {
      columns: [
        nameColumn(),
        ageColumn(),
        column("SignerName", "Who is asked to sign."),
        column("Requestor", "Who asks."),
        column("RequestedDuration", "For how long."),
        column("Condition", "What became of it."),
      ],
      row: ({ metadata, spec, status }, nowMs) => [
        metadata?.name ?? "",
        age(metadata?.creationTimestamp, nowMs),
        spec?.signerName ?? "",
        spec?.username ?? "",
        spec?.expirationSeconds === undefined ? "<none>" : duration(spec.expirationSeconds * 1000),
        [
          (status?.conditions ?? []).map(({ type }) => type).join(",") || "Pending",
          ...(status?.certificate ? ["Issued"] : []),
        ].join(","),
      ],
    },
  },
);
