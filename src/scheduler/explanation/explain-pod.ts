import { isPodTerminal, type Node, type Pod } from "#api";
import { seededRandom } from "#base";
import { Cluster } from "../framework/cluster.ts";
import { CountersInUse } from "../framework/counts/counters.ts";
import { type Judgement, judge, type Refusal, refusalsOf } from "../framework/judgement.ts";
import type { Lister } from "../framework/lister.ts";
import type { Listers } from "../framework/listers.ts";
import { Placer } from "../framework/place.ts";
import type { NodeIndex, Profile } from "../framework/plugin.ts";
import type { PodFacts } from "../framework/pod-facts.ts";
import { explainRefusals, RefusalTally } from "../framework/refusals.ts";
import { defaultProfile } from "../plugins/registry.ts";
import { type NodeScores, scoresOf } from "./scores.ts";
import { type Suggestion, suggestionsFor } from "./suggestions.ts";

/** What is known of the cluster: objects as the API has them. */
export interface ExplainInput {
  readonly pod: Pod;
  readonly nodes: readonly Node[];
  readonly pods: readonly Pod[];
  /** By the plural of their kind: namespaces, services, replicaSets … */
  readonly objects?: { readonly [Resource in keyof Listers]?: Iterable<ObjectOf<Listers[Resource]>> };
  /** The rules of its scheduler. */
  readonly profile?: Profile;
}

type ObjectOf<L> = L extends Lister<infer T> ? T : never;

/** Why a pod is where it is, or why it is nowhere. */
export type Explanation = GatedPod | UnplacedPod | PlacedPod;

export interface GatedPod {
  readonly type: "gated";
  readonly reason: string;
}

/** It waits for a node. */
export interface UnplacedPod {
  readonly type: "unplaced";
  /** In Kubernetes' words, as its condition says; empty when some node fits. */
  readonly message: string;
  readonly refused: readonly RefusedGroup[];
  /** The smallest changes that would help, best first; none when some node fits. */
  readonly suggestions: readonly Suggestion[];
  /** Pods of lower priority that have to go for it, if it may ask them to. */
  readonly preemption?: PreemptionPlan;
  /** Nodes that fit, best first. */
  readonly feasible: readonly RankedNode[];
}

export interface PreemptionPlan {
  readonly node: string;
  /** `namespace/name`. */
  readonly pods: readonly string[];
}

/** It is on a node. All is said as if it were to be placed now. */
export interface PlacedPod {
  readonly type: "placed";
  readonly node: string;
  /** Why it would not be placed there now. Running pods stay all the same. */
  readonly refusedNow: readonly string[];
  readonly refused: readonly RefusedGroup[];
  readonly feasible: readonly RankedNode[];
}

/** Nodes that are refused for the same reasons. */
export interface RefusedGroup {
  /** By everyone who refuses them, not only the first. */
  readonly reasons: readonly { readonly plugin: string; readonly reason: string }[];
  readonly nodes: readonly string[];
}

export interface RankedNode {
  readonly node: string;
  readonly total: number;
  /** Weights included. */
  readonly byPlugin: Readonly<Record<string, number>>;
}

/** Works out from API objects what the scheduler would say about a pod at this moment. */
export function explainPod(input: ExplainInput): Explanation {
  const { pod, profile = defaultProfile } = input;
  const cluster = clusterOf(input);
  const facts = cluster.factsOf(pod);
  const gate = gateOf(profile, facts);
  if (gate !== undefined) return { type: "gated", reason: gate };
  const judgement = judge(profile.plugins, facts.shape, cluster, new CountersInUse(cluster.counters));
  const refusals = new Map<NodeIndex, readonly Refusal[]>();
  for (const node of cluster.nodes) refusals.set(node, refusalsOf(judgement, node));
  const refused = groupsOf(refusals, cluster);
  const feasible = rankedNodes(judgement, refusals, cluster);
  const nodeName = pod.spec?.nodeName;
  if (nodeName) {
    const own = refusals.get(cluster.nodes.find(nodeName) ?? -1) ?? [];
    const refusedNow = own.flatMap(({ rejection }) => rejection.reasons);
    return { type: "placed", node: nodeName, refusedNow, refused, feasible };
  }
  if (feasible.length > 0) return { type: "unplaced", message: "", refused, suggestions: [], feasible };
  const { plugins } = profile;
  const suggestions = suggestionsFor(facts.shape, { plugins, cluster, most: mostSuggestions });
  const preemption = preemptionFor(facts, profile, cluster);
  const message = messageOf(refusals);
  return { type: "unplaced", message, refused, suggestions, ...(preemption && { preemption }), feasible };
}

const mostSuggestions = 5;

/** The cluster without the pod. */
function clusterOf({ pod, nodes, pods, objects = {} }: ExplainInput): Cluster {
  const cluster = new Cluster();
  for (const [resource, list] of Object.entries(objects)) {
    const lister = cluster.listers[resource as keyof Listers] as Lister<object>;
    for (const object of list) lister.set(object);
  }
  for (const node of nodes) cluster.setNode(node);
  for (const other of pods) {
    if (!other.spec?.nodeName || isPodTerminal(other) || other.metadata?.uid === pod.metadata?.uid) continue;
    cluster.setPod(cluster.factsOf(other));
  }
  return cluster;
}

function gateOf({ plugins }: Profile, facts: PodFacts): string | undefined {
  if (facts.pod.spec?.nodeName) return undefined;
  for (const plugin of plugins) {
    const reason = plugin.preEnqueue?.(facts);
    if (reason !== undefined) return reason;
  }
  return undefined;
}

function groupsOf(
  refusals: ReadonlyMap<NodeIndex, readonly Refusal[]>,
  { nodes }: Cluster,
): readonly RefusedGroup[] {
  const reasonsOf = (all: readonly Refusal[]) =>
    all.flatMap(({ plugin, rejection }) => rejection.reasons.map((reason) => ({ plugin, reason })));
  const refused = [...refusals].filter(([, all]) => all.length > 0);
  const groups = Map.groupBy(refused, ([, all]) => JSON.stringify(reasonsOf(all)));
  return Array.from(groups.values(), (group) => ({
    reasons: reasonsOf(group[0]?.[1] ?? []),
    nodes: group.map(([node]) => nodes.name(node)),
  })).sort((a, b) => b.nodes.length - a.nodes.length);
}

function rankedNodes(
  judgement: Judgement,
  refusals: ReadonlyMap<NodeIndex, readonly Refusal[]>,
  { nodes }: Cluster,
): readonly RankedNode[] {
  const feasible = [...refusals].flatMap(([node, all]) => (all.length === 0 ? [node] : []));
  return scoresOf(judgement, feasible)
    .map(({ node, total, byPlugin }: NodeScores) => ({ node: nodes.name(node), total, byPlugin }))
    .sort((a, b) => b.total - a.total || a.node.localeCompare(b.node));
}

function preemptionFor(facts: PodFacts, profile: Profile, cluster: Cluster): PreemptionPlan | undefined {
  const placer = new Placer(profile, cluster, seededRandom(1));
  const placement = placer.place(facts);
  if (placement.type === "placed") return undefined;
  const { refusals } = placement;
  const failure = {
    facts,
    cluster,
    refusals,
    view: placer.view(facts.shape),
    awaited: undefined,
    condemned: new Map<string, PodFacts>(),
  };
  for (const plugin of profile.plugins) {
    const nomination = plugin.postFilter?.(failure);
    if (nomination) return { node: nomination.nodeName, pods: nomination.victims.map(({ key }) => key) };
  }
  return undefined;
}

function messageOf(refusals: ReadonlyMap<NodeIndex, readonly Refusal[]>): string {
  const tally = new RefusalTally();
  for (const [first] of refusals.values()) if (first) tally.add(first, 1);
  return explainRefusals(tally.refusals);
}
