import type {
  NodeSelectorRequirement,
  NodeSelectorTerm,
  PodAffinityTerm,
  PodSpec,
  TopologySpreadConstraint,
} from "../../generated/types.ts";
import { dnsSubdomain, labelKey } from "../../names.ts";
import {
  checkOneOf,
  checkRequiredOneOf,
  duplicate,
  type FieldErrors,
  invalidValue,
  notSupported,
  required,
} from "../field-errors.ts";
import { validateLabelSelector } from "../validate-label-selector.ts";
import { validateLabelKeys } from "./match-label-keys.ts";

/** Checks what says where a pod may run: tolerations, affinity, spreading, gates. */
export function validatePlacement(spec: PodSpec, path: string, errors: FieldErrors): void {
  validateTolerations(spec, `${path}.tolerations`, errors);
  validateAffinity(spec, `${path}.affinity`, errors);
  validateSpreading(spec, `${path}.topologySpreadConstraints`, errors);
  const gates = new Set<string>();
  for (const [index, gate] of (spec.schedulingGates ?? []).entries()) {
    const at = `${path}.schedulingGates[${index}].name`;
    for (const why of labelKey(gate.name ?? "")) errors.push(invalidValue(at, gate.name ?? "", why));
    if (gates.has(gate.name)) errors.push(duplicate(at, gate.name));
    gates.add(gate.name);
  }
}

function validateTolerations(spec: PodSpec, path: string, errors: FieldErrors): void {
  for (const [index, toleration] of (spec.tolerations ?? []).entries()) {
    const at = `${path}[${index}]`;
    if (toleration.key) {
      for (const why of labelKey(toleration.key)) errors.push(invalidValue(`${at}.key`, toleration.key, why));
    } else if (toleration.operator !== "Exists") {
      errors.push(
        invalidValue(
          `${at}.operator`,
          toleration.operator ?? "",
          'operator must be Exists when `key` is empty, which means "match all values and all keys"',
        ),
      );
    }
    if (toleration.tolerationSeconds !== undefined && toleration.effect !== "NoExecute") {
      errors.push(
        invalidValue(
          `${at}.effect`,
          toleration.effect ?? "",
          "effect must be 'NoExecute' when `tolerationSeconds` is set",
        ),
      );
    }
    if (toleration.operator === "Exists" && toleration.value) {
      errors.push(
        invalidValue(`${at}.operator`, toleration, "value must be empty when `operator` is 'Exists'"),
      );
    }
    // Gt and Lt are for clusters that have switched them on (KEP-5471), which this one has not.
    if (toleration.operator) checkOneOf(errors, `${at}.operator`, toleration.operator, ["Equal", "Exists"]);
    checkOneOf(errors, `${at}.effect`, toleration.effect, [
      "",
      "NoExecute",
      "NoSchedule",
      "PreferNoSchedule",
    ]);
  }
}

function validateAffinity(spec: PodSpec, path: string, errors: FieldErrors): void {
  const node = spec.affinity?.nodeAffinity;
  const must = node?.requiredDuringSchedulingIgnoredDuringExecution;
  if (must) {
    const at = `${path}.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms`;
    if (!must.nodeSelectorTerms?.length)
      errors.push(required(at, "must have at least one node selector term"));
    for (const [index, term] of (must.nodeSelectorTerms ?? []).entries())
      validateNodeTerm(term, `${at}[${index}]`, errors);
  }
  for (const [index, term] of (node?.preferredDuringSchedulingIgnoredDuringExecution ?? []).entries()) {
    const at = `${path}.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[${index}]`;
    validateWeight(term.weight, `${at}.weight`, errors);
    validateNodeTerm(term.preference ?? {}, `${at}.preference`, errors);
  }
  for (const side of ["podAffinity", "podAntiAffinity"] as const) {
    const rules = spec.affinity?.[side];
    for (const [index, term] of (rules?.requiredDuringSchedulingIgnoredDuringExecution ?? []).entries()) {
      validatePodTerm(
        term,
        `${path}.${side}.requiredDuringSchedulingIgnoredDuringExecution[${index}]`,
        errors,
      );
    }
    for (const [index, term] of (rules?.preferredDuringSchedulingIgnoredDuringExecution ?? []).entries()) {
      const at = `${path}.${side}.preferredDuringSchedulingIgnoredDuringExecution[${index}]`;
      validateWeight(term.weight, `${at}.weight`, errors);
      validatePodTerm(term.podAffinityTerm ?? { topologyKey: "" }, `${at}.podAffinityTerm`, errors);
    }
  }
}

function validateWeight(weight: number, path: string, errors: FieldErrors): void {
  if (!(weight >= 1 && weight <= 100)) errors.push(invalidValue(path, weight, "must be in the range 1-100"));
}

/** Also for the node affinity of volumes. */
export function validateNodeTerm(term: NodeSelectorTerm, path: string, errors: FieldErrors): void {
  for (const [index, { key, operator, values }] of (term.matchExpressions ?? []).entries()) {
    const at = `${path}.matchExpressions[${index}]`;
    for (const why of labelKey(key ?? "")) errors.push(invalidValue(`${at}.key`, key ?? "", why));
    if (operator === "In" || operator === "NotIn") {
      if (!values?.length)
        errors.push(required(`${at}.values`, "must be specified when `operator` is 'In' or 'NotIn'"));
    } else if (operator === "Exists" || operator === "DoesNotExist") {
      if (values?.length)
        errors.push(
          invalidValue(
            `${at}.values`,
            values,
            "may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
          ),
        );
    } else if (operator === "Gt" || operator === "Lt") {
      if (values?.length !== 1)
        errors.push(
          required(`${at}.values`, "must be specified single value when `operator` is 'Lt' or 'Gt'"),
        );
    } else errors.push(invalidValue(`${at}.operator`, operator ?? "", "not a valid selector operator"));
  }
  for (const [index, requirement] of (term.matchFields ?? []).entries()) {
    validateMatchField(requirement, `${path}.matchFields[${index}]`, errors);
  }
}

/** The one field of a node that can be asked for is its name. */
function validateMatchField(
  { key, operator, values }: NodeSelectorRequirement,
  path: string,
  errors: FieldErrors,
): void {
  if (operator !== "In" && operator !== "NotIn") {
    errors.push(invalidValue(`${path}.operator`, operator ?? "", "not a valid selector operator"));
  } else if (values?.length !== 1) {
    const why = "must be only one value when `operator` is 'In' or 'NotIn' for node field selector";
    errors.push(required(`${path}.values`, why));
  }
  if (key !== "metadata.name") {
    errors.push(invalidValue(`${path}.key`, key ?? "", "not a valid field selector key"));
    return;
  }
  for (const [index, name] of (values ?? []).entries()) {
    for (const why of dnsSubdomain(name)) errors.push(invalidValue(`${path}.values[${index}]`, name, why));
  }
}

function validatePodTerm(term: PodAffinityTerm, path: string, errors: FieldErrors): void {
  validateLabelSelector(term.labelSelector, `${path}.labelSelector`, errors);
  validateLabelSelector(term.namespaceSelector, `${path}.namespaceSelector`, errors);
  validateLabelKeys(term, path, errors);
  if (!term.topologyKey) errors.push(required(`${path}.topologyKey`, "can not be empty"));
  else
    for (const why of labelKey(term.topologyKey))
      errors.push(invalidValue(`${path}.topologyKey`, term.topologyKey, why));
}

function validateMinDomains(
  { minDomains, whenUnsatisfiable }: TopologySpreadConstraint,
  path: string,
  errors: FieldErrors,
): void {
  if (minDomains === undefined) return;
  if (minDomains <= 0) errors.push(invalidValue(path, minDomains, "must be greater than 0"));
  if (whenUnsatisfiable !== "DoNotSchedule") {
    const why = `can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ${whenUnsatisfiable}`;
    errors.push(invalidValue(path, minDomains, why));
  }
}

function validateSpreading(spec: PodSpec, path: string, errors: FieldErrors): void {
  const seen = new Set<string>();
  for (const [index, constraint] of (spec.topologySpreadConstraints ?? []).entries()) {
    const at = `${path}[${index}]`;
    if (!(constraint.maxSkew > 0))
      errors.push(invalidValue(`${at}.maxSkew`, constraint.maxSkew ?? 0, "must be greater than zero"));
    if (!constraint.topologyKey) errors.push(required(`${at}.topologyKey`, "can not be empty"));
    checkRequiredOneOf(errors, `${at}.whenUnsatisfiable`, constraint.whenUnsatisfiable, [
      "DoNotSchedule",
      "ScheduleAnyway",
    ]);
    const pair = `{${constraint.topologyKey}, ${constraint.whenUnsatisfiable}}`;
    if (seen.has(pair)) errors.push(duplicate(`${at}.{topologyKey, whenUnsatisfiable}`, pair));
    seen.add(pair);
    validateMinDomains(constraint, `${at}.minDomains`, errors);
    for (const field of ["nodeAffinityPolicy", "nodeTaintsPolicy"] as const) {
      const value = constraint[field];
      if (value !== undefined && value !== "Honor" && value !== "Ignore") {
        errors.push(notSupported(`${at}.${field}`, value, ["Honor", "Ignore"]));
      }
    }
    validateLabelSelector(constraint.labelSelector, `${at}.labelSelector`, errors);
    validateLabelKeys(constraint, at, errors);
  }
}
