import type { Container, PodSpec, ResourceRequirements } from "../../generated/types.ts";
import { labelKey } from "../../names.ts";
import { isPodLevelResource } from "../../pod/resources.ts";
import { compareQuantities, type Quantity, tryParseQuantity } from "../../quantity.ts";
import { type FieldErrors, forbiddenField, invalidValue, notSupported, required } from "../field-errors.ts";
import { isStandardContainerResource, isStandardResource, validateResourceList } from "../resource-list.ts";
import { summed } from "./pod-level-defaults.ts";

/** Checks what one container asks for and is limited to. */
export function validateContainerResources(container: Container, path: string, errors: FieldErrors): void {
  if (container.resources) validateRequirements(container.resources, path, validateContainerName, errors);
}

/** Checks what a pod as a whole asks for and is limited to (KEP-2837), and that its containers fit into it. */
export function validatePodLevelResources(spec: PodSpec, path: string, errors: FieldErrors): void {
  const { resources } = spec;
  if (!resources) return;
  const at = `${path}.resources`;
  if (resources.claims?.length) {
    errors.push(forbiddenField(`${at}.claims`, "claims may not be set for Resources at pod-level"));
  }
  const before = errors.length;
  validateRequirements(resources, at, validatePodLevelName, errors);
  // Sums need quantities that can be read.
  if (errors.length > before) return;
  for (const side of ["requests", "limits"] as const) {
    for (const [name, sum] of summed(spec, side)) {
      // Limits may be overcommitted, except those of huge pages.
      if (side === "limits" && !isHugePages(name)) continue;
      const whole = resources[side]?.[name];
      if (whole === undefined || compared(sum, whole) <= 0) continue;
      const why = `must be greater than or equal to aggregate container ${side} of ${sum}`;
      errors.push(invalidValue(`${at}.${side}[${name}]`, String(whole), why));
    }
  }
  for (const [index, { resources: own }] of (spec.containers ?? []).entries()) {
    for (const name in own?.limits) {
      const whole = resources.limits?.[name];
      const limit = own.limits[name] ?? "";
      if (whole === undefined || compared(limit, whole) <= 0) continue;
      const why = `must be less than or equal to pod limits of ${whole}`;
      errors.push(invalidValue(`${path}.containers[${index}].resources.limits[${name}]`, String(limit), why));
    }
  }
}

type NameRule = (name: string, path: string, errors: FieldErrors) => void;

function validateRequirements(
  resources: ResourceRequirements,
  path: string,
  validateName: NameRule,
  errors: FieldErrors,
): void {
  let hasCpuOrMemory = false;
  let hasHugePages = false;
  for (const side of ["limits", "requests"] as const) {
    const list = resources[side];
    validateResourceList(list, `${path}.${side}`, errors);
    for (const name in list) {
      if (name === "cpu" || name === "memory") {
        hasCpuOrMemory = true;
        continue;
      }
      hasHugePages ||= isHugePages(name);
      const at = `${path}.${side}[${name}]`;
      validateName(name, at, errors);
      validateUnit(name, list[name] ?? "", at, errors);
    }
  }
  for (const name in resources.requests) validateRequest(name, resources, path, errors);
  if (hasHugePages && !hasCpuOrMemory) errors.push(forbiddenField(path, "HugePages require cpu or memory"));
}

/** A request is at most the limit; of what cannot be overcommitted, it is the limit. */
function validateRequest(
  name: string,
  { limits, requests }: ResourceRequirements,
  path: string,
  errors: FieldErrors,
): void {
  const request = requests?.[name] ?? "";
  const limit = limits?.[name];
  if (limit === undefined) {
    if (!canOvercommit(name)) {
      errors.push(required(`${path}.limits`, "Limit must be set for non overcommitable resources"));
    }
    return;
  }
  const difference = compared(request, limit);
  if (difference !== 0 && !canOvercommit(name)) {
    const why = `must be equal to ${name} limit of ${limit}`;
    errors.push(invalidValue(`${path}.requests`, String(request), why));
  } else if (difference > 0) {
    const why = `must be less than or equal to ${name} limit of ${limit}`;
    errors.push(invalidValue(`${path}.requests`, String(request), why));
  }
}

function validateContainerName(name: string, path: string, errors: FieldErrors): void {
  if (!name.includes("/")) {
    if (!isStandardResource(name)) {
      errors.push(invalidValue(path, name, "must be a standard resource type or fully qualified"));
    }
    if (!isStandardContainerResource(name)) {
      errors.push(invalidValue(path, name, "must be a standard resource for containers"));
    }
  } else if (!isNative(name) && !isExtended(name)) {
    errors.push(invalidValue(path, name, "doesn't follow extended resource name standard"));
  }
}

function validatePodLevelName(name: string, path: string, errors: FieldErrors): void {
  if (!isPodLevelResource(name)) errors.push(notSupported(path, name, ["cpu", "hugepages-", "memory"]));
}

/** Devices come whole, and huge pages, too. */
function validateUnit(name: string, amount: string | number, path: string, errors: FieldErrors): void {
  const quantity = tryParseQuantity(amount);
  if (quantity === undefined) return;
  if (isExtended(name) && !isMultipleOf(quantity, one)) {
    errors.push(invalidValue(path, String(amount), "must be an integer"));
  }
  if (isHugePages(name) && !isMultipleOf(quantity, tryParseQuantity(name.slice(hugePages.length)))) {
    errors.push(invalidValue(path, String(amount), `${amount} is not positive integer multiple of ${name}`));
  }
}

const one = tryParseQuantity("1");
const hugePages = "hugepages-";

function isMultipleOf(quantity: Quantity, unit: Quantity | undefined): boolean {
  return unit !== undefined && unit.nanos > 0n && quantity.nanos % unit.nanos === 0n;
}

/** Zero where either is no quantity, which is said elsewhere. */
function compared(amount: string | number, bound: string | number): number {
  const a = tryParseQuantity(amount);
  const b = tryParseQuantity(bound);
  return a && b ? compareQuantities(a, b) : 0;
}

function isHugePages(name: string): boolean {
  return name.startsWith(hugePages);
}

/** Of Kubernetes itself: without a domain, or of one of its own. */
function isNative(name: string): boolean {
  return !name.includes("/") || name.includes("kubernetes.io/");
}

/** A device that a plugin of some vendor brings; a quota must be able to name its requests. */
function isExtended(name: string): boolean {
  return !isNative(name) && !name.startsWith("requests.") && labelKey(`requests.${name}`).length === 0;
}

function canOvercommit(name: string): boolean {
  return isNative(name) && !isHugePages(name);
}
