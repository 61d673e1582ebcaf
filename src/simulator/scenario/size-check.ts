import type { KubernetesObject } from "#api";
import { fieldAt } from "./field-at.ts";
import type { KindMistake } from "./kind-check.ts";

/** Fields that say how many pods there are to be. */
const counts = ["spec.replicas", "spec.parallelism", "spec.jobTemplate.spec.parallelism"];

/** The most pods that one workload may ask for, in a manifest as in an event: memory ends before the API's own limit does. */
export const mostReplicas = 10_000;

/** What would be too much to play. */
export function mistakesOfSize(object: KubernetesObject): KindMistake[] {
  return counts.flatMap((field) => {
    const value = fieldAt(object, field);
    // What is no number is the API's to refuse.
    if (typeof value !== "number" || value <= mostReplicas) return [];
    return [{ field, message: `a whole number from 0 to ${mostReplicas} is needed here, not "${value}"` }];
  });
}
