import { labelKey } from "../names.ts";
import { canonicalQuantity, formatQuantity, roundUpToMilli, tryParseQuantity } from "../quantity.ts";
import { type FieldErrors, invalidValue } from "./field-errors.ts";

/** Writes every amount in its canonical form, rounded up to a thousandth as Kubernetes stores it. */
export function defaultResourceList(list: Record<string, string | number> | undefined): void {
  for (const name in list) {
    const text = list[name] ?? "";
    const canonical = canonicalQuantity(text);
    list[name] = /[nu]$/.test(canonical) ? rounded(canonical) : canonical;
  }
}

/** Checks names and amounts of a resource list. */
export function validateResourceList(
  list: Readonly<Record<string, string | number>> | undefined,
  path: string,
  errors: FieldErrors,
): void {
  for (const name in list) {
    const at = `${path}[${name}]`;
    for (const why of labelKey(name)) errors.push(invalidValue(at, name, why));
    const quantity = tryParseQuantity(list[name] ?? "");
    if (quantity === undefined) {
      errors.push(
        invalidValue(
          at,
          list[name],
          "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
        ),
      );
    } else if (quantity.nanos < 0n) {
      errors.push(invalidValue(at, String(list[name]), "must be greater than or equal to 0"));
    }
  }
}

/** Resources that a container or quota may name without a domain. */
export function isStandardContainerResource(name: string): boolean {
  return name === "cpu" || name === "memory" || name === "ephemeral-storage" || name.startsWith("hugepages-");
}

/** Resources of Kubernetes itself, of containers or quotas: no other may go without a domain. */
export function isStandardResource(name: string): boolean {
  return isStandardContainerResource(name) || standardResources.has(name);
}

const standardResources: ReadonlySet<string> = new Set([
  ...["requests", "limits"].flatMap((side) =>
    ["cpu", "memory", "ephemeral-storage"].map((name) => `${side}.${name}`),
  ),
  "storage",
  "requests.storage",
  "pods",
  "services",
  "services.loadbalancers",
  "services.nodeports",
  "replicationcontrollers",
  "resourcequotas",
  "secrets",
  "configmaps",
  "persistentvolumeclaims",
]);

function rounded(canonical: string): string {
  const quantity = tryParseQuantity(canonical);
  return quantity === undefined ? canonical : formatQuantity(roundUpToMilli(quantity));
}
