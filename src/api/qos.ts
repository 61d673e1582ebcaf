import type { Pod, ResourceRequirements } from "./generated/types.ts";
import { amountOf, type QuantityList } from "./pod/resources.ts";

export type QosClass = "Guaranteed" | "Burstable" | "BestEffort";

/**
 * The pod's quality of service. Guaranteed: every container limits cpu and memory and requests just as much.
 * BestEffort: nobody asks for or limits either. Burstable: the rest.
 */
export function qosClassOf(pod: Pod): QosClass {
  const spec = pod.spec;
  const all: (ResourceRequirements | undefined)[] = spec?.resources
    ? [spec.resources]
    : [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])].map((container) => container.resources);
  let asksNothing = true;
  let isGuaranteed = true;
  for (const resources of all) {
    for (const name of ["cpu", "memory"]) {
      const request = amountIn(resources?.requests, name);
      const limit = amountIn(resources?.limits, name);
      if (request > 0 || limit > 0) asksNothing = false;
      if (limit === 0 || (request !== 0 && request !== limit)) isGuaranteed = false;
    }
  }
  if (asksNothing) return "BestEffort";
  return isGuaranteed ? "Guaranteed" : "Burstable";
}

function amountIn(list: QuantityList | undefined, name: string): number {
  const quantity = list?.[name];
  return quantity === undefined ? 0 : amountOf(name, quantity);
}
