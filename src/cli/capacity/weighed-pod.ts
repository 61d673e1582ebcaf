import { type Pod, podLimits, podRequests, type ResourceAmounts } from "#api";
import type { Usage } from "./usage.ts";

/** A pod with what it is promised, what it may use and what it does use. */
export interface WeighedPod {
  readonly pod: Pod;
  /** `namespace/name`. */
  readonly key: string;
  readonly requests: ResourceAmounts;
  readonly limits: ResourceAmounts;
  /** Undefined when nobody measured it. */
  readonly usage: Usage | undefined;
}

export function weigh(pod: Pod, usage: Usage | undefined): WeighedPod {
  return { pod, key: keyOf(pod), requests: podRequests(pod), limits: podLimits(pod), usage };
}

/** Whether there is an end to what all of its containers together may use. Devices are always limited: to what is requested. */
export function isLimited({ spec }: Pod, resource: string): boolean {
  if (resource !== "cpu" && resource !== "memory" && resource !== "ephemeral-storage") return true;
  if (spec?.resources?.limits?.[resource] !== undefined) return true;
  return (spec?.containers ?? []).every(({ resources }) => resources?.limits?.[resource] !== undefined);
}

export function keyOf({ metadata = {} }: Pod): string {
  return `${metadata.namespace}/${metadata.name}`;
}
