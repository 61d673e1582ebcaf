import {
  type DiscoveryV1EndpointPort,
  type Endpoint,
  type EndpointSlice,
  jsonEqual,
  type Node,
  type Pod,
  type Service,
} from "#api";
import { mapSelectorOf } from "../shared/selectors.ts";
import { portsId, type SlicePlan } from "../shared/slices.ts";
import { type AddressType, addressOf, addressTypesOf, endpointOf, mayServe } from "./endpoint.ts";
import { endpointsPerSlice } from "./limits.ts";
import { portsOn } from "./ports.ts";
import { type Labels, newSlice, sliceLabels } from "./slice.ts";

/** All that the decision depends on. */
export interface ServiceWorld {
  readonly service: Service;
  /** Pods of the service's namespace. */
  readonly pods: Iterable<Pod>;
  /** The slices that this controller keeps for the service. */
  readonly slices: readonly EndpointSlice[];
  readonly nodeOf: (name: string) => Node | undefined;
}

/**
 * Every pod that the service selects is an endpoint of exactly one slice per address family and set of ports. What is in a slice
 * stays there, so that one pod's change rewrites one slice; new endpoints fill what room there is; empty slices go, but one
 * is kept, which tells "no endpoints" from "not looked yet".
 */
export function decide(world: ServiceWorld): SlicePlan {
  const { service, slices } = world;
  const labels = sliceLabels(service);
  const groups = groupsOf(world);
  const plan = {
    create: [] as EndpointSlice[],
    update: [] as EndpointSlice[],
    remove: [] as EndpointSlice[],
  };
  const types = addressTypesOf(service);
  for (const type of types) {
    const own = slices.filter((slice) => slice.addressType === type);
    const wanted = [...groups.values()].filter((group) => group.type === type);
    const unclaimed = new Set(own);
    for (const group of wanted) {
      const matching = own.filter((slice) => portsId(slice.ports) === portsId(group.ports));
      for (const slice of matching) unclaimed.delete(slice);
      fill(plan, { service, labels, group, matching });
    }
    // With nothing to serve, one slice stays (or comes) as a sign of that.
    const kept = wanted.length === 0 ? own[0] : undefined;
    if (kept) {
      unclaimed.delete(kept);
      keep(plan, kept, { endpoints: [], ports: kept.ports ?? [], labels });
    } else if (wanted.length === 0) {
      plan.create.push(newSlice(service, { type, labels, ports: [], endpoints: [] }));
    }
    plan.remove.push(...unclaimed);
  }
  plan.remove.push(...slices.filter((slice) => !types.includes(slice.addressType as AddressType)));
  return plan;
}

interface Group {
  readonly type: AddressType;
  readonly ports: readonly DiscoveryV1EndpointPort[];
  /** By the pod's uid. */
  readonly endpoints: Map<string, Endpoint>;
}

function groupsOf({ service, pods, nodeOf }: ServiceWorld): Map<string, Group> {
  const groups = new Map<string, Group>();
  const selector = mapSelectorOf(service.spec?.selector);
  for (const pod of pods) {
    if (!mayServe(pod) || !selector.matches(pod.metadata?.labels)) continue;
    const ports = portsOn(pod, service);
    // A service with ports that this pod has none of is not served by it.
    if (ports.length === 0 && (service.spec?.ports?.length ?? 0) > 0) continue;
    for (const type of addressTypesOf(service)) {
      const address = addressOf(pod, type);
      if (address === undefined) continue;
      const id = `${type}|${portsId(ports)}`;
      const group = groups.get(id) ?? { type, ports, endpoints: new Map() };
      const node = pod.spec?.nodeName ? nodeOf(pod.spec.nodeName) : undefined;
      group.endpoints.set(pod.metadata?.uid ?? "", endpointOf(pod, address, { service, node }));
      groups.set(id, group);
    }
  }
  return groups;
}

interface Filling {
  readonly service: Service;
  readonly labels: Labels;
  readonly group: Group;
  readonly matching: readonly EndpointSlice[];
}

interface MutablePlan {
  readonly create: EndpointSlice[];
  readonly update: EndpointSlice[];
  readonly remove: EndpointSlice[];
}

/** Spreads one group over the slices that have its ports, and over new ones where those are full. */
function fill(plan: MutablePlan, { service, labels, group, matching }: Filling): void {
  const left = new Map(group.endpoints);
  const contents = matching.map((slice) => {
    const endpoints: Endpoint[] = [];
    for (const old of slice.endpoints ?? []) {
      const uid = old.targetRef?.uid ?? "";
      const endpoint = left.get(uid);
      if (!endpoint) continue;
      left.delete(uid);
      endpoints.push(endpoint);
    }
    return { slice, endpoints };
  });
  const waiting = [...left.values()];
  // The fullest first: fewer slices change, and small ones run empty in time.
  const byRoom = [...contents].sort((a, b) => b.endpoints.length - a.endpoints.length);
  for (const { endpoints } of byRoom) {
    const room = endpointsPerSlice - endpoints.length;
    if (room > 0) endpoints.push(...waiting.splice(0, room));
  }
  for (const { slice, endpoints } of contents) {
    if (endpoints.length === 0) plan.remove.push(slice);
    else keep(plan, slice, { endpoints, ports: group.ports, labels });
  }
  while (waiting.length > 0) {
    const endpoints = waiting.splice(0, endpointsPerSlice);
    plan.create.push(newSlice(service, { type: group.type, labels, ports: group.ports, endpoints }));
  }
}

function keep(
  plan: MutablePlan,
  slice: EndpointSlice,
  content: { endpoints: Endpoint[]; ports: readonly DiscoveryV1EndpointPort[]; labels: Labels },
): void {
  const { endpoints, ports, labels } = content;
  const isSame =
    jsonEqual(slice.endpoints ?? [], endpoints) &&
    jsonEqual(slice.ports ?? [], ports) &&
    jsonEqual(slice.metadata?.labels, labels);
  if (!isSame) {
    plan.update.push({ ...slice, metadata: { ...slice.metadata, labels }, endpoints, ports: [...ports] });
  }
}
