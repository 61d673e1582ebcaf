import { priorityClasses } from "../generated/resources.ts";
import type { PriorityClass } from "../generated/types.ts";
import { age } from "../table/age.ts";
import { ageColumn, column, nameColumn } from "../table/name-and-age.ts";
import { defineKind } from "./define-kind.ts";
import { checkRequiredOneOf, fieldIsImmutable, forbiddenField, invalidValue } from "./field-errors.ts";
import type { KindDefinition } from "./kind-definition.ts";

/** What a user's class may be worth at most; above are the system's own. */
const highestUserPriority = 1_000_000_000;

const systemClasses: Readonly<Record<string, number>> = {
  "system-cluster-critical": 2_000_000_000,
  "system-node-critical": 2_000_001_000,
};

/** Priority classes: which pods go before others. */
export const priorityClassKind: KindDefinition<PriorityClass> = defineKind(priorityClasses, {
  hasGeneration: true,
  generationFields: ["value", "globalDefault", "description", "preemptionPolicy"],
  defaults(priorityClass) {
    priorityClass.preemptionPolicy ??= "PreemptLowerPriority";
  },
  validate({ metadata, value, preemptionPolicy }, errors) {
    const name = metadata?.name ?? "";
    if (name.startsWith("system-") && systemClasses[name] !== value) {
      errors.push(
        forbiddenField(
          "metadata.name",
          "priority class names with 'system-' prefix are reserved for system use only",
        ),
      );
    } else if (!name.startsWith("system-") && (value ?? 0) > highestUserPriority) {
      errors.push(
        forbiddenField("value", `maximum allowed value of a user defined priority is ${highestUserPriority}`),
      );
    }
    checkRequiredOneOf(errors, "preemptionPolicy", preemptionPolicy, ["Never", "PreemptLowerPriority"]);
  },
  validateChange(priorityClass, old, errors) {
    if (priorityClass.value !== old.value) {
      errors.push(forbiddenField("value", "may not be changed in an update."));
    }
    if (priorityClass.preemptionPolicy !== old.preemptionPolicy) {
      errors.push(invalidValue("preemptionPolicy", priorityClass.preemptionPolicy, fieldIsImmutable));
    }
  },
  columns: {
    columns: [
      nameColumn(),
      column("Value", "How much it is worth.", "integer"),
      column("Global-Default", "Whether pods without a class have it.", "boolean"),
      ageColumn(),
      column("PreemptionPolicy", "Whether its pods may take others' place."),
    ],
    row: ({ metadata, value, globalDefault, preemptionPolicy }, nowMs) => [
      metadata?.name ?? "",
      value ?? 0,
      globalDefault ?? false,
      age(metadata?.creationTimestamp, nowMs),
      preemptionPolicy ?? "PreemptLowerPriority",
    ],
  },
});
