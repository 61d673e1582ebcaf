import type { PodSpec } from "../../generated/types.ts";
import { amountsOfContainers, isPodLevelResource, type QuantityList } from "../../pod/resources.ts";
import {
  formatQuantity,
  parseQuantity,
  type QuantityFormat,
  quantityFromMilliValue,
  quantityFromValue,
} from "../../quantity.ts";

/**
 * Completes what a pod as a whole asks for (KEP-2837), after its containers are completed: what they sum up to, or,
 * when none of them asks, what the pod is limited to. Huge pages cannot be overcommitted: their request is the limit,
 * and the limit is what the containers sum up to.
 */
export function defaultPodLevelResources(spec: PodSpec): void {
  const { resources } = spec;
  if (!resources) return;
  const requests = { ...resources.requests };
  const limits = { ...resources.limits };
  if (isEmpty(limits) && isEmpty(requests)) return;
  for (const [name, amount] of summed(spec, "limits")) {
    if (isHugePages(name) && requests[name] === undefined) limits[name] ??= amount;
  }
  if (isEmpty(limits)) return;
  resources.limits = limits;
  for (const [name, amount] of summed(spec, "requests")) {
    if (!isHugePages(name)) requests[name] ??= amount;
  }
  for (const name in limits) {
    const limit = limits[name];
    if (isPodLevelResource(name) && limit !== undefined) requests[name] ??= limit;
  }
  if (!isEmpty(requests)) resources.requests = requests;
}

/** What the containers of a pod sum up to, as quantities, of what a pod as a whole can name. */
export function summed(spec: PodSpec, side: "requests" | "limits"): [name: string, amount: string][] {
  const formats = new Map<string, QuantityFormat>();
  for (const { resources } of [...(spec.containers ?? []), ...(spec.initContainers ?? [])]) {
    const list: QuantityList = resources?.[side] ?? {};
    for (const name in list) {
      if (!formats.has(name)) formats.set(name, parseQuantity(list[name] ?? "0").format);
    }
  }
  return Object.entries(amountsOfContainers(spec, side))
    .filter(([name]) => isPodLevelResource(name))
    .map(([name, amount]) => {
      const quantity = name === "cpu" ? quantityFromMilliValue : quantityFromValue;
      return [name, formatQuantity(quantity(amount, formats.get(name)))];
    });
}

function isHugePages(name: string): boolean {
  return name.startsWith("hugepages-");
}

function isEmpty(list: QuantityList): boolean {
  return Object.keys(list).length === 0;
}
