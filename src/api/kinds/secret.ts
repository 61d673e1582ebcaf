import { secrets } from "../generated/resources.ts";
import type { Secret } from "../generated/types.ts";
import { configMapKey } from "../names.ts";
import { age } from "../table/age.ts";
import { ageColumn, column, nameColumn } from "../table/name-and-age.ts";
import { decodedLength, validateImmutable } from "./config-map.ts";
import { defineKind } from "./define-kind.ts";
import { type FieldErrors, fieldIsImmutable, invalidValue, required, tooLong } from "./field-errors.ts";
import type { KindDefinition } from "./kind-definition.ts";
import { maxContentBytes } from "./limits.ts";

/** Secrets: small bytes for pods that not everyone may read. `stringData` is a way of writing `data`, never read back. */
export const secretKind: KindDefinition<Secret> = defineKind(secrets, {
  defaults(secret) {
    secret.type ||= "Opaque";
    if (!secret.stringData) return;
    secret.data ??= {};
    for (const [key, text] of Object.entries(secret.stringData)) secret.data[key] = toBase64(text);
    delete secret.stringData;
  },
  validate(secret, errors) {
    let bytes = 0;
    const { data = {} } = secret;
    for (const key in data) {
      for (const why of configMapKey(key)) errors.push(invalidValue(`data[${key}]`, key, why));
      bytes += decodedLength(data[key] ?? "");
    }
    if (bytes > maxContentBytes) errors.push(tooLong("data", maxContentBytes));
    validateByType(secret, errors);
  },
  validateChange(secret, old, errors) {
    if (secret.type !== old.type) errors.push(invalidValue("type", secret.type ?? "", fieldIsImmutable));
    validateImmutable(secret, old, ["data"], errors);
  },
  selectableFields: { type: ({ type }) => type ?? "" },
  columns: {
    columns: [
      nameColumn(),
      column("Type", "What it is for."),
      column("Data", "How many entries it has.", "integer"),
      ageColumn(),
    ],
    row: ({ metadata, type, data }, nowMs) => [
      metadata?.name ?? "",
      type ?? "",
      Object.keys(data ?? {}).length,
      age(metadata?.creationTimestamp, nowMs),
    ],
  },
});

function validateByType(secret: Secret, errors: FieldErrors): void {
  const needsKey = (key: string) => {
    if (secret.data?.[key] === undefined) errors.push(required(`data[${key}]`));
  };
  switch (secret.type) {
    case "kubernetes.io/tls":
      needsKey("tls.crt");
      needsKey("tls.key");
      break;
    case "kubernetes.io/dockerconfigjson":
      needsKey(".dockerconfigjson");
      break;
    case "kubernetes.io/dockercfg":
      needsKey(".dockercfg");
      break;
    case "kubernetes.io/ssh-auth":
      needsKey("ssh-privatekey");
      break;
    case "kubernetes.io/basic-auth":
      if (!secret.data?.username && !secret.data?.password) {
        errors.push(required("data[username]"), required("data[password]"));
      }
      break;
    case "kubernetes.io/service-account-token":
      if (!secret.metadata?.annotations?.["kubernetes.io/service-account.name"]) {
        errors.push(required("metadata.annotations[kubernetes.io/service-account.name]"));
      }
      break;
  }
}

function toBase64(text: string): string {
  return new TextEncoder().encode(text).toBase64();
}
