import type { LabelSelector } from "../generated/types.ts";
import { labelKey, labelValueRule } from "../names.ts";
import { labelSelectorOperators } from "../selector/label-selector.ts";
import { type FieldErrors, forbiddenField, invalidValue, notSupported, required } from "./field-errors.ts";
import { validateLabels } from "./metadata.ts";

/** Checks the object form of a label selector. */
export function validateLabelSelector(
  selector: LabelSelector | undefined,
  path: string,
  errors: FieldErrors,
): void {
  validateLabels(selector?.matchLabels, `${path}.matchLabels`, errors);
  for (const [index, { key, operator, values }] of (selector?.matchExpressions ?? []).entries()) {
    const at = `${path}.matchExpressions[${index}]`;
    for (const why of labelKey(key ?? "")) errors.push(invalidValue(`${at}.key`, key ?? "", why));
    if (operator === "In" || operator === "NotIn") {
      if (!values?.length)
        errors.push(required(`${at}.values`, "must be specified when `operator` is 'In' or 'NotIn'"));
    } else if (operator === "Exists" || operator === "DoesNotExist") {
      if (values?.length) {
        errors.push(
          forbiddenField(
            `${at}.values`,
            "may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
          ),
        );
      }
    } else errors.push(notSupported(`${at}.operator`, operator ?? "", [...labelSelectorOperators]));
    for (const [place, value] of (values ?? []).entries()) {
      for (const why of labelValueRule(value))
        errors.push(invalidValue(`${at}.values[${place}]`, value, why));
    }
  }
}

export function isEmptySelector(selector: LabelSelector | undefined): boolean {
  if (selector === undefined) return true;
  return Object.keys(selector.matchLabels ?? {}).length + (selector.matchExpressions?.length ?? 0) === 0;
}
