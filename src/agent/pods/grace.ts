import type { Pod } from "#api";
import { limits } from "../limits.ts";

/** How long a pod's containers may take to end once they are asked to. */
export function graceMsOf(pod: Pod): number {
  return (pod.spec?.terminationGracePeriodSeconds ?? limits.defaultGraceSeconds) * 1000;
}
