import type { Node, Pod } from "#api";
import { imageLocality } from "./image-locality.ts";
import { interPodAffinity } from "./inter-pod-affinity.ts";
import { nodeAffinity } from "./node-affinity.ts";
import { nodeName } from "./node-name.ts";
import { nodePorts } from "./node-ports.ts";
import { nodeResourcesBalanced } from "./node-resources-balanced.ts";
import { nodeResourcesFit } from "./node-resources-fit.ts";
import { nodeUnschedulable } from "./node-unschedulable.ts";
import { nodeVolumeLimits } from "./node-volume-limits.ts";
import { podTopologySpread } from "./pod-topology-spread.ts";
import type { Refusal, Rule } from "./rule.ts";
import { taintToleration } from "./taint-toleration.ts";
import { volumeBinding } from "./volume-binding.ts";
import { volumeRestrictions } from "./volume-restrictions.ts";
import { volumeZone } from "./volume-zone.ts";
import { nameOf, priorityOf, type World } from "./world.ts";

/** The rules of Kubernetes 1.36's default profile, in its order. */
export const rules: readonly Rule[] = [
  nodeUnschedulable,
  nodeName,
  taintToleration,
  nodeAffinity,
  nodePorts,
  nodeResourcesFit,
  volumeRestrictions,
  nodeVolumeLimits,
  volumeBinding,
  volumeZone,
  podTopologySpread,
  interPodAffinity,
  nodeResourcesBalanced,
  imageLocality,
];

/** All there is to say about a pod and the nodes of a world. */
export interface Judgement {
  /** By name of the node: which rule was the first to refuse, and how. */
  readonly refusals: ReadonlyMap<string, Refusal & { readonly rule: string }>;
  readonly feasible: readonly string[];
  /** By name of the rule: of each node that fits, in the order of `feasible`. */
  readonly scores: ReadonlyMap<string, readonly number[]>;
  /** The weighted sums. */
  readonly totals: readonly number[];
}

export function judge(pod: Pod, world: World, by: readonly Rule[] = rules): Judgement {
  const refusals = new Map<string, Refusal & { readonly rule: string }>();
  for (const node of world.nodes) {
    const refusal = firstRefusal(pod, node, world, by);
    if (refusal) refusals.set(nameOf(node), refusal);
  }
  const feasible = world.nodes.filter((node) => !refusals.has(nameOf(node)));
  const scores = new Map<string, readonly number[]>();
  const totals = feasible.map(() => 0);
  for (const { name, score, weight = 1 } of by) {
    const points = feasible.length === 0 ? undefined : score?.(pod, feasible, world);
    if (!points) continue;
    scores.set(name, points);
    for (const [at, point] of points.entries()) totals[at] = (totals[at] ?? 0) + weight * point;
  }
  return { refusals, feasible: feasible.map(nameOf), scores, totals };
}

/** Whether the pod could be placed on the node. */
export function fits(pod: Pod, node: Node, world: World, by: readonly Rule[] = rules): boolean {
  return firstRefusal(pod, node, world, by) === undefined;
}

/** The node must do as it is, and also when those who wait for it have come: all but pods of lower priority, who have to yield. */
function firstRefusal(
  pod: Pod,
  node: Node,
  world: World,
  by: readonly Rule[],
): (Refusal & { readonly rule: string }) | undefined {
  const refusal = refusalNow(pod, node, world, by);
  const awaiting = world.awaiting.filter(
    (other) =>
      other.spec?.nodeName === nameOf(node) &&
      other.metadata?.uid !== pod.metadata?.uid &&
      priorityOf(other) >= priorityOf(pod),
  );
  if (refusal || awaiting.length === 0) return refusal;
  return refusalNow(pod, node, { ...world, pods: [...world.pods, ...awaiting] }, by);
}

function refusalNow(
  pod: Pod,
  node: Node,
  world: World,
  by: readonly Rule[],
): (Refusal & { readonly rule: string }) | undefined {
  for (const { name, refuses } of by) {
    const refusal = refuses?.(pod, node, world);
    if (refusal) return { ...refusal, rule: name };
  }
  return undefined;
}
