import type { Container, Pod, PodSpec } from "../generated/types.ts";
import { quantityMilliValue, quantityValue } from "../quantity.ts";
import { isSidecar } from "./conditions.ts";

/** Amounts by resource name: `cpu` in thousandths of a core, everything else in whole units (bytes, pods, devices). */
export type ResourceAmounts = Record<string, number>;

/** A resource list as the API has it: `{ cpu: "500m", memory: "64Mi" }`. */
export type QuantityList = Readonly<Record<string, string | number>>;

/**
 * What the pod asks a node to set aside: containers and sidecars together, or the largest init phase, plus overhead. A container that does
 * not ask for a resource in `assumed` counts as if it asked for that much.
 */
export function podRequests(
  pod: Pod,
  { assumed = {} }: { readonly assumed?: ResourceAmounts } = {},
): ResourceAmounts {
  return podTotal(
    pod.spec,
    (container) => ({ ...assumed, ...amountsOf(container.resources?.requests) }),
    "requests",
  );
}

/** The most that the pod may use; a resource without a limit in some container still sums what the others say. */
export function podLimits(pod: Pod): ResourceAmounts {
  return podTotal(pod.spec, (container) => amountsOf(container.resources?.limits), "limits");
}

/** What the containers together ask for, or may use: without what the pod as a whole says, and without overhead. */
export function amountsOfContainers(spec: PodSpec | undefined, side: Side): ResourceAmounts {
  return containersTotal(spec, (container) => amountsOf(container.resources?.[side]));
}

/** What a pod as a whole may ask for and limit (KEP-2837); everything else only its containers can. */
export function isPodLevelResource(name: string): boolean {
  return name === "cpu" || name === "memory" || name.startsWith("hugepages-");
}

/** One resource list as amounts. */
export function amountsOf(list: QuantityList | undefined): ResourceAmounts {
  const amounts: ResourceAmounts = {};
  for (const name in list) amounts[name] = amountOf(name, list[name] ?? "0");
  return amounts;
}

/** One amount in the unit that `ResourceAmounts` has for this resource. */
export function amountOf(resource: string, quantity: string | number): number {
  return resource === "cpu" ? quantityMilliValue(quantity) : quantityValue(quantity);
}

export function addAmounts(total: ResourceAmounts, more: Readonly<ResourceAmounts>): void {
  for (const name in more) total[name] = (total[name] ?? 0) + (more[name] ?? 0);
}

type Side = "requests" | "limits";

function podTotal(
  spec: PodSpec | undefined,
  amountsOfContainer: (container: Container) => ResourceAmounts,
  side: Side,
): ResourceAmounts {
  const total = containersTotal(spec, amountsOfContainer);
  overrideByPod(total, spec?.resources?.[side]);
  addOverhead(total, amountsOf(spec?.overhead), side);
  return total;
}

/**
 * Init containers run one after another, sidecars from their place on: while an init container runs it needs its own
 * share and that of every sidecar started before it.
 */
function containersTotal(
  spec: PodSpec | undefined,
  amountsOfContainer: (container: Container) => ResourceAmounts,
): ResourceAmounts {
  const total: ResourceAmounts = {};
  for (const container of spec?.containers ?? []) addAmounts(total, amountsOfContainer(container));
  const sidecars: ResourceAmounts = {};
  const initPeak: ResourceAmounts = {};
  for (const container of spec?.initContainers ?? []) {
    const own = amountsOfContainer(container);
    if (isSidecar(container)) {
      addAmounts(sidecars, own);
      raiseTo(initPeak, sidecars);
    } else {
      addAmounts(own, sidecars);
      raiseTo(initPeak, own);
    }
  }
  addAmounts(total, sidecars);
  raiseTo(total, initPeak);
  return total;
}

function raiseTo(total: ResourceAmounts, floor: Readonly<ResourceAmounts>): void {
  for (const name in floor) {
    const amount = floor[name] ?? 0;
    if (total[name] === undefined || total[name] < amount) total[name] = amount;
  }
}

/** What the pod as a whole says (KEP-2837) goes before the sum of its containers. */
function overrideByPod(total: ResourceAmounts, list: QuantityList | undefined): void {
  const amounts = amountsOf(list);
  for (const name in amounts) if (isPodLevelResource(name)) total[name] = amounts[name] ?? 0;
}

/** A limit that nobody set must not appear because of overhead. */
function addOverhead(total: ResourceAmounts, overhead: ResourceAmounts, side: Side): void {
  for (const name in overhead) {
    if (side === "limits" && total[name] === undefined) continue;
    total[name] = (total[name] ?? 0) + (overhead[name] ?? 0);
  }
}
