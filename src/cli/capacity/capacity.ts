import {
  addAmounts,
  amountsOf,
  isPodTerminal,
  type Node,
  type Pod,
  podRequests,
  type ResourceAmounts,
} from "#api";
import { type BurstingPod, burstingOn } from "./bursting.ts";
import type { NodeUsage, Usage, UsageUnknown } from "./usage.ts";
import { isLimited, keyOf, type WeighedPod, weigh } from "./weighed-pod.ts";

/** How much there is, how much of it is given, and how much of what is given is used. */
export interface Capacity {
  readonly nodes: readonly NodeCapacity[];
  /** Of all nodes together, by resource. */
  readonly total: Readonly<Record<string, Share>>;
  /** Pods that have no node. */
  readonly waiting: { readonly pods: number; readonly requested: ResourceAmounts };
  /** Pods that use more than they request: node by node, who would be evicted first is first. */
  readonly bursting: readonly BurstingPod[];
}

export interface NodeCapacity {
  readonly name: string;
  readonly resources: Readonly<Record<string, Share>>;
  /** Why nothing is known of what is used. */
  readonly problem?: string;
  /** What the machine uses in all, pods and everything else. */
  readonly machine?: Usage;
}

/** One resource, in the unit of `ResourceAmounts`. */
export interface Share {
  readonly capacity: number;
  readonly allocatable: number;
  readonly requested: number;
  readonly limits: number;
  /** Pods of which some container has no limit: they may use whatever is free. */
  readonly withoutLimit: number;
  /** By pods. Absent when nobody measured it. */
  readonly used?: number;
  /** What pods requested and do not use: each pod for itself, so that one that needs more does not hide one that needs less. */
  readonly overprovisioned?: number;
  /** Sum of limits − capacity. */
  readonly overcommitted: number;
}

export interface CapacityInput {
  readonly nodes: readonly Node[];
  readonly pods: readonly Pod[];
  readonly usage: ReadonlyMap<string, NodeUsage | UsageUnknown>;
}

/** Adds up. Pure. */
export function capacityOf({ nodes, pods, usage }: CapacityInput): Capacity {
  const living = pods.filter((pod) => !isPodTerminal(pod));
  const podsByNode = Map.groupBy(living, (pod) => pod.spec?.nodeName ?? "");
  const found = nodes
    .map((node) => nodeCapacity(node, podsByNode.get(nameOf(node)) ?? [], usage.get(nameOf(node))))
    .sort((a, b) => a.node.name.localeCompare(b.node.name));
  const waiting = podsByNode.get("") ?? [];
  return {
    nodes: found.map(({ node }) => node),
    total: totalOf(found.map(({ node }) => node.resources)),
    waiting: { pods: waiting.length, requested: sum(waiting.map((pod) => podRequests(pod))) },
    bursting: found.flatMap(({ bursting }) => bursting),
  };
}

function nodeCapacity(
  node: Node,
  pods: readonly Pod[],
  usage: NodeUsage | UsageUnknown = { problem: "nobody asked it" },
): { node: NodeCapacity; bursting: readonly BurstingPod[] } {
  const known = "pods" in usage ? usage : undefined;
  const weighed = pods.map((pod) => weigh(pod, known?.pods.get(keyOf(pod))));
  const capacity = amountsOf(node.status?.capacity);
  const allocatable = amountsOf(node.status?.allocatable);
  const resources: Record<string, Share> = {};
  for (const name in allocatable) {
    const sizes = { capacity: capacity[name] ?? 0, allocatable: allocatable[name] ?? 0 };
    resources[name] =
      name === "pods" ? podShare(sizes, pods.length) : shareOf(name, sizes, weighed, known !== undefined);
  }
  const name = nameOf(node);
  return {
    node: {
      name,
      resources,
      ...(known ? { machine: known.machine } : {}),
      ...("problem" in usage ? { problem: usage.problem } : {}),
    },
    bursting: burstingOn(name, weighed),
  };
}

type Sizes = Pick<Share, "capacity" | "allocatable">;

function shareOf(name: string, sizes: Sizes, pods: readonly WeighedPod[], isAnswered: boolean): Share {
  const limits = pods.reduce((all, pod) => all + (pod.limits[name] ?? 0), 0);
  const measured = pods.flatMap(({ usage, requests }) => {
    const used = usage?.[name as keyof Usage];
    return used === undefined ? [] : [{ used, idle: Math.max(0, (requests[name] ?? 0) - used) }];
  });
  // A pod that is just being started is not measured yet; a resource of which nobody's use is told is not measured at all.
  const isKnown = isAnswered && (measured.length > 0 || pods.length === 0);
  return {
    ...sizes,
    requested: pods.reduce((all, pod) => all + (pod.requests[name] ?? 0), 0),
    limits,
    withoutLimit: pods.filter(({ pod }) => !isLimited(pod, name)).length,
    ...(isKnown ? { used: measured.reduce((all, { used }) => all + used, 0) } : {}),
    ...(isKnown ? { overprovisioned: measured.reduce((all, { idle }) => all + idle, 0) } : {}),
    overcommitted: limits - sizes.capacity,
  };
}

/** Places for pods are taken one each, and used as they are taken. */
function podShare(sizes: Sizes, count: number): Share {
  return {
    ...sizes,
    requested: count,
    limits: count,
    withoutLimit: 0,
    used: count,
    overprovisioned: 0,
    overcommitted: count - sizes.capacity,
  };
}

function totalOf(nodes: readonly Readonly<Record<string, Share>>[]): Record<string, Share> {
  const total: Record<string, Share> = {};
  for (const resources of nodes) {
    for (const [name, share] of Object.entries(resources)) total[name] = added(total[name], share);
  }
  return total;
}

function added(a: Share | undefined, b: Share): Share {
  if (!a) return b;
  const used = known(a.used, b.used);
  const overprovisioned = known(a.overprovisioned, b.overprovisioned);
  return {
    capacity: a.capacity + b.capacity,
    allocatable: a.allocatable + b.allocatable,
    requested: a.requested + b.requested,
    limits: a.limits + b.limits,
    withoutLimit: a.withoutLimit + b.withoutLimit,
    ...(used === undefined ? {} : { used }),
    ...(overprovisioned === undefined ? {} : { overprovisioned }),
    overcommitted: a.overcommitted + b.overcommitted,
  };
}

function known(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined && b === undefined ? undefined : (a ?? 0) + (b ?? 0);
}

function sum(all: readonly ResourceAmounts[]): ResourceAmounts {
  const total: ResourceAmounts = {};
  for (const amounts of all) addAmounts(total, amounts);
  return total;
}

function nameOf(node: Node): string {
  return node.metadata?.name ?? "";
}
