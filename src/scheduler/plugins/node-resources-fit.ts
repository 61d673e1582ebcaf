import type { Cluster } from "../framework/cluster.ts";
import type { ClusterEvent, NodeFilter, NodeIndex, Plugin, Rejection } from "../framework/plugin.ts";
import type { PodShape } from "../framework/pod-shape.ts";
import type { Remedy } from "../framework/remedy.ts";
import { leastAllocated, type ScoringStrategy, scoreByStrategy } from "./scoring-strategy.ts";

export interface NodeResourcesFitOptions {
  readonly scoringStrategy?: ScoringStrategy;
}

/** Requests must fit into what the node has left; which of the nodes that fit is better, a strategy says: the emptier one unless told otherwise. */
export function nodeResourcesFit({ scoringStrategy = leastAllocated }: NodeResourcesFitOptions = {}): Plugin {
  return {
    name: "NodeResourcesFit",
    filter,
    score: (shape, cluster) => scoreByStrategy(scoringStrategy, shape, cluster),
    remedies,
    mayHelp(event, shape, cluster) {
      const node = nodeOf(event, cluster);
      return node !== undefined && filter(shape, cluster).refuse(node) === undefined;
    },
  };
}

/** The node that may have got room. */
function nodeOf(event: ClusterEvent, { nodes }: Cluster): NodeIndex | undefined {
  switch (event.type) {
    case "node-added":
    case "node-updated":
      return nodes.find(event.node.metadata?.name ?? "");
    case "pod-removed":
    case "pod-updated":
      return nodes.find(event.nodeName);
    default:
      return undefined;
  }
}

function filter({ requests }: PodShape, { nodes }: Cluster): NodeFilter {
  const wanted = requests.map(({ resource, amount }) => ({ ...nodes.resources.at(resource), amount }));
  const { podCount } = nodes;
  const { allocatable: allowedPods } = nodes.resources.column("pods");
  const isFull = (node: number) =>
    (podCount.values[node] as number) + 1 > (allowedPods.values[node] as number);
  const rejections = new Map<string, Rejection>();
  /** All that is missing, not only the first: whoever reads it wants to fix it once. */
  const refusal = (node: number): Rejection => {
    const short = wanted.filter(({ amount, allocatable, requested }) => {
      return amount > (allocatable.values[node] as number) - (requested.values[node] as number);
    });
    const reasons = short.map(({ name }) => `Insufficient ${name}`);
    if (isFull(node)) reasons.unshift("Too many pods");
    const isResolvable = short.every(
      ({ amount, allocatable }) => amount <= (allocatable.values[node] as number),
    );
    const key = `${reasons.join()} ${isResolvable}`;
    const rejection = rejections.get(key) ?? { reasons, isResolvable };
    rejections.set(key, rejection);
    return rejection;
  };
  return {
    by: "node",
    refuse(node) {
      if (isFull(node)) return refusal(node);
      for (let at = 0; at < wanted.length; at += 1) {
        const { amount, allocatable, requested } = wanted[at] as (typeof wanted)[number];
        if (amount > (allocatable.values[node] as number) - (requested.values[node] as number))
          return refusal(node);
      }
      return undefined;
    },
  };
}

function remedies({ requests }: PodShape, { nodes }: Cluster): (node: NodeIndex) => readonly Remedy[] {
  return (node) => {
    const found: Remedy[] = [];
    const pods = (nodes.podCount.values[node] as number) + 1;
    const allowed = nodes.resources.column("pods").allocatable.values[node] as number;
    if (pods > allowed) found.push({ type: "allow-more-pods", to: pods });
    for (const { resource, amount } of requests) {
      const { name, allocatable, requested } = nodes.resources.at(resource);
      const by = amount - (allocatable.values[node] as number) + (requested.values[node] as number);
      // Asking for less than nothing does not help.
      if (by > amount) return [];
      if (by > 0) found.push({ type: "lower-request", resource: name, by, of: amount });
    }
    return found;
  };
}
