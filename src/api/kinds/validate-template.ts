import type { LabelSelector, PodTemplateSpec } from "../generated/types.ts";
import { compileLabelSelector } from "../selector/label-selector.ts";
import { type FieldErrors, forbiddenField, invalidValue, notSupported, required } from "./field-errors.ts";
import { validateAnnotations, validateLabels } from "./metadata.ts";
import { validatePodSpec } from "./pod/validate-spec.ts";
import { isEmptySelector, validateLabelSelector } from "./validate-label-selector.ts";

export interface TemplateRules {
  /** What makes the pods, for messages: `ReplicaSet`. */
  readonly owner: string;
  readonly selector: LabelSelector | undefined;
  readonly restartPolicies: readonly string[];
}

/** Checks a selector that must be there and must select something in particular. */
export function validateOwnSelector(
  selector: LabelSelector | undefined,
  owner: string,
  errors: FieldErrors,
): void {
  if (!selector) {
    errors.push(required("spec.selector"));
    return;
  }
  validateLabelSelector(selector, "spec.selector", errors);
  if (isEmptySelector(selector)) {
    errors.push(invalidValue("spec.selector", selector, `empty selector is invalid for ${owner}`));
  }
}

/** Checks `spec.template`: a valid pod, selected by its maker, restarted as its maker needs. */
export function validateTemplate(
  template: PodTemplateSpec | undefined,
  rules: TemplateRules,
  errors: FieldErrors,
): void {
  const path = "spec.template";
  if (!template) {
    errors.push(required(path));
    return;
  }
  const labels = template.metadata?.labels ?? {};
  validateLabels(labels, `${path}.metadata.labels`, errors);
  validateAnnotations(template.metadata?.annotations, `${path}.metadata.annotations`, errors);
  if (!isEmptySelector(rules.selector) && !compileLabelSelector(rules.selector).matches(labels)) {
    errors.push(
      invalidValue(`${path}.metadata.labels`, labels, "`selector` does not match template `labels`"),
    );
  }
  validatePodSpec(template.spec, `${path}.spec`, errors);
  const policy = template.spec?.restartPolicy;
  if (policy !== undefined && !rules.restartPolicies.includes(policy)) {
    errors.push(notSupported(`${path}.spec.restartPolicy`, policy, rules.restartPolicies));
  }
  if (template.spec?.activeDeadlineSeconds !== undefined && rules.owner !== "Job") {
    errors.push(
      forbiddenField(
        `${path}.spec.activeDeadlineSeconds`,
        `activeDeadlineSeconds in ${rules.owner} is not Supported`,
      ),
    );
  }
  if (template.spec?.ephemeralContainers?.length) {
    errors.push(
      forbiddenField(`${path}.spec.ephemeralContainers`, "ephemeral containers not allowed in pod template"),
    );
  }
}
