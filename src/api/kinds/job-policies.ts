import type { JobSpec, PodFailurePolicyRule, SuccessPolicyRule } from "../generated/types.ts";
import {
  checkNonNegative,
  checkRequiredOneOf,
  type FieldErrors,
  invalidValue,
  notSupported,
  required,
  tooMany,
} from "./field-errors.ts";

/** Checks what makes a job fail, and what of it counts. */
export function validateFailurePolicy(spec: JobSpec, errors: FieldErrors): void {
  const { podFailurePolicy, podReplacementPolicy } = spec;
  const replacement = podFailurePolicy ? ["Failed"] : ["TerminatingOrFailed", "Failed"];
  checkRequiredOneOf(errors, "spec.podReplacementPolicy", podReplacementPolicy, replacement);
  if (!podFailurePolicy) return;
  const { restartPolicy } = spec.template?.spec ?? {};
  if (restartPolicy !== "Never") {
    const why = 'only "Never" is supported when podFailurePolicy is specified';
    errors.push(invalidValue("spec.template.spec.restartPolicy", restartPolicy, why));
  }
  const path = "spec.podFailurePolicy.rules";
  const rules = podFailurePolicy.rules ?? [];
  if (rules.length > maxRules) errors.push(tooMany(path, rules.length, maxRules));
  for (const [at, rule] of rules.entries()) validateFailureRule(spec, rule, `${path}[${at}]`, errors);
}

/** Checks what makes an indexed job succeed before all of its indexes have. */
export function validateSuccessPolicy(spec: JobSpec, errors: FieldErrors): void {
  if (!spec.successPolicy) return;
  const path = "spec.successPolicy";
  if (spec.completionMode !== "Indexed") {
    errors.push(invalidValue(path, spec.successPolicy, "requires indexed completion mode"));
    return;
  }
  const rules = spec.successPolicy.rules ?? [];
  if (rules.length === 0) {
    errors.push(
      required(`${path}.rules`, "at least one rules must be specified when the successPolicy is specified"),
    );
  }
  if (rules.length > maxRules) errors.push(tooMany(`${path}.rules`, rules.length, maxRules));
  for (const [at, rule] of rules.entries()) {
    validateSuccessRule(rule, spec.completions ?? 0, `${path}.rules[${at}]`, errors);
  }
}

/** Rules of one policy, as upstream. */
const maxRules = 20;

/** Exit codes that one rule may name, as upstream. */
const maxExitCodes = 255;

function validateFailureRule(
  spec: JobSpec,
  rule: PodFailurePolicyRule,
  path: string,
  errors: FieldErrors,
): void {
  const { action, onExitCodes, onPodConditions = [] } = rule;
  checkRequiredOneOf(errors, `${path}.action`, action, ["Count", "FailIndex", "FailJob", "Ignore"]);
  if (action === "FailIndex" && spec.backoffLimitPerIndex === undefined) {
    errors.push(invalidValue(`${path}.action`, action, "requires the backoffLimitPerIndex to be set"));
  }
  if (onExitCodes && onPodConditions.length > 0) {
    errors.push(invalidValue(path, rule, "specifying both OnExitCodes and OnPodConditions is not supported"));
  }
  if (!onExitCodes && onPodConditions.length === 0) {
    errors.push(invalidValue(path, rule, "specifying one of OnExitCodes and OnPodConditions is required"));
  }
  if (onExitCodes) validateExitCodes(spec, onExitCodes, `${path}.onExitCodes`, errors);
  for (const [at, { status }] of onPodConditions.entries()) {
    const statuses = ["False", "True", "Unknown"];
    checkRequiredOneOf(errors, `${path}.onPodConditions[${at}].status`, status, statuses);
  }
}

function validateExitCodes(
  { template }: JobSpec,
  { containerName, operator, values = [] }: NonNullable<PodFailurePolicyRule["onExitCodes"]>,
  path: string,
  errors: FieldErrors,
): void {
  checkRequiredOneOf(errors, `${path}.operator`, operator, ["In", "NotIn"]);
  const containers = [...(template?.spec?.containers ?? []), ...(template?.spec?.initContainers ?? [])];
  if (containerName !== undefined && !containers.some(({ name }) => name === containerName)) {
    const why = "must be one of the container or initContainer names in the pod template";
    errors.push(invalidValue(`${path}.containerName`, containerName, why));
  }
  if (values.length === 0)
    errors.push(invalidValue(`${path}.values`, values, "at least one value is required"));
  if (values.length > maxExitCodes) errors.push(tooMany(`${path}.values`, values.length, maxExitCodes));
  for (const [at, value] of values.entries()) {
    if (operator === "In" && value === 0) {
      errors.push(invalidValue(`${path}.values[${at}]`, value, "must not be 0 for the In operator"));
    }
    if (at > 0 && value <= (values[at - 1] ?? 0)) {
      errors.push(invalidValue(`${path}.values`, values, "must be ordered, and each value only once"));
    }
  }
}

function validateSuccessRule(
  rule: SuccessPolicyRule,
  completions: number,
  path: string,
  errors: FieldErrors,
): void {
  const { succeededCount, succeededIndexes } = rule;
  if (succeededCount === undefined && succeededIndexes === undefined) {
    errors.push(required(path, "at least one of succeededCount or succeededIndexes must be specified"));
  }
  const indexes = readIndexes(succeededIndexes ?? "", completions);
  if ("why" in indexes) {
    const why = `error parsing succeededIndexes: ${indexes.why}`;
    errors.push(invalidValue(`${path}.succeededIndexes`, succeededIndexes, why));
  }
  checkNonNegative(errors, `${path}.succeededCount`, succeededCount);
  if (succeededCount === undefined) return;
  if (succeededCount > completions) {
    const why = `must be less than or equal to ${completions} (the number of specified completions)`;
    errors.push(invalidValue(`${path}.succeededCount`, succeededCount, why));
  }
  if (succeededIndexes !== undefined && "count" in indexes && succeededCount > indexes.count) {
    const why = `must be less than or equal to ${indexes.count} (the number of indexes in the specified succeededIndexes field)`;
    errors.push(invalidValue(`${path}.succeededCount`, succeededCount, why));
  }
}

/** How many indexes `1,3-5` names, or what is wrong with it: they rise, and are below the number of completions. */
function readIndexes(text: string, completions: number): { count: number } | { why: string } {
  if (text === "") return { count: 0 };
  let count = 0;
  let previous = -1;
  for (const interval of text.split(",")) {
    const ends = interval.split("-");
    if (ends.length > 2) {
      return {
        why: `the fragment "${interval}" violates the requirement that an index interval can have at most two parts separated by '-'`,
      };
    }
    for (const end of ends) {
      if (!/^\d+$/.test(end)) return { why: `cannot convert string to integer for index: "${end}"` };
      const index = Number(end);
      if (index >= completions) return { why: `too large index: "${end}"` };
      if (index <= previous) return { why: `non-increasing order, previous: ${previous}, current: ${index}` };
      count += end === ends[0] ? 1 : index - previous;
      previous = index;
    }
  }
  return { count };
}

/** Checks the limits that only make sense where every completion has an index. */
export function validateIndexes(spec: JobSpec, errors: FieldErrors): void {
  const { completions, backoffLimitPerIndex, maxFailedIndexes, completionMode } = spec;
  if (completionMode !== undefined && !["Indexed", "NonIndexed"].includes(completionMode)) {
    errors.push(notSupported("spec.completionMode", completionMode, ["Indexed", "NonIndexed"]));
  }
  if (completionMode !== "Indexed") {
    for (const field of ["backoffLimitPerIndex", "maxFailedIndexes"] as const) {
      if (spec[field] === undefined) continue;
      errors.push(invalidValue(`spec.${field}`, spec[field], "requires indexed completion mode"));
    }
    return;
  }
  if (completions === undefined) {
    errors.push(required("spec.completions", "when completion mode is Indexed"));
    return;
  }
  for (const field of ["completions", "parallelism"] as const) {
    if ((spec[field] ?? 0) <= maxIndexes) continue;
    const why = `must be less than or equal to ${maxIndexes} when completion mode is Indexed`;
    errors.push(invalidValue(`spec.${field}`, spec[field], why));
  }
  if (maxFailedIndexes === undefined) return;
  if (backoffLimitPerIndex === undefined) {
    errors.push(required("spec.backoffLimitPerIndex", "when maxFailedIndexes is specified"));
  }
  if (maxFailedIndexes > completions) {
    errors.push(
      invalidValue("spec.maxFailedIndexes", maxFailedIndexes, "must be less than or equal to completions"),
    );
  }
}

/** Indexes of one job, as upstream: their list is in its status. */
const maxIndexes = 100_000;
