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
export type Explanation = GatedPod | UnplacedPod | PlacedPod | MisplacedPod | EndedPod;

export interface GatedPod {
  readonly type: "gated";
  readonly reason: string;
}

/** It has run, and will not again. */
export interface EndedPod {
  readonly type: "ended";
  readonly phase: string;
  readonly node?: string;
  /** Why, where the node said so: `OutOfcpu`, `Evicted`. */
  readonly reason?: string;
  readonly message?: string;
}

/** It is bound to a node that is not there. */
export interface MisplacedPod {
  readonly type: "misplaced";
  readonly node: string;
}

/** It waits for a node. */
export interface UnplacedPod {
  readonly type: "unplaced";
  /** The node on which room is being made for it. */
  readonly nominatedNode?: string;
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
  /** Pods as important for which room is being made there: with them it would not fit, without them it would. `namespace/name`. */
  readonly keptFor?: readonly string[];
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
  if (isPodTerminal(pod)) return endedPod(pod);
  const cluster = clusterOf(input);
  const facts = cluster.factsOf(pod);
  const gate = gateOf(profile, facts);
  if (gate !== undefined) return { type: "gated", reason: gate };
  const nodeName = pod.spec?.nodeName;
  const own = cluster.nodes.find(nodeName ?? "");
  if (nodeName && (own === undefined || !cluster.nodes.exists(own))) {
    return { type: "misplaced", node: nodeName };
  }
  const judgement = judge(profile.plugins, facts.shape, cluster, new CountersInUse(cluster.counters));
  const verdicts = new Map<NodeIndex, Verdict>();
  for (const node of cluster.nodes) verdicts.set(node, verdictOn(node, { judgement, facts, cluster }));
  const refused = groupsOf(verdicts, cluster);
  const feasible = rankedNodes(judgement, verdicts, cluster);
  if (nodeName) {
    // It has its room there, whomever more is being made for.
    const refusals = own === undefined ? [] : refusalsOf(judgement, own);
    const refusedNow = refusals.flatMap(({ rejection }) => rejection.reasons);
    return { type: "placed", node: nodeName, refusedNow, refused, feasible };
  }
  const nominatedNode = pod.status?.nominatedNodeName;
  const unplaced = { type: "unplaced", refused, feasible, ...(nominatedNode && { nominatedNode }) } as const;
  if (feasible.length > 0) return { ...unplaced, message: "", suggestions: [] };
  const { plugins } = profile;
  const suggestions = suggestionsFor(facts.shape, { plugins, cluster, most: mostSuggestions });
  const preemption = preemptionFor(facts, profile, cluster);
  const message = messageOf(verdicts);
  return { ...unplaced, message, suggestions, ...(preemption && { preemption }) };
}

function endedPod({ spec, status = {} }: Pod): EndedPod {
  const { phase = "", reason, message } = status;
  const node = spec?.nodeName;
  return {
    type: "ended",
    phase,
    ...(node && { node }),
    ...(reason && { reason }),
    ...(message && { message }),
  };
}

/** What a node says to the pod. */
interface Verdict {
  readonly refusals: readonly Refusal[];
  readonly keptFor: readonly string[];
}

/** As the scheduler judges: where room is being made for pods as important, it has to fit with them, too. */
function verdictOn(
  node: NodeIndex,
  {
    judgement,
    facts: { shape, uid },
    cluster,
  }: { readonly judgement: Judgement; readonly facts: PodFacts; readonly cluster: Cluster },
): Verdict {
  const refusals = refusalsOf(judgement, node);
  const awaiting = cluster.nominations.on(node, shape).filter((other) => other.uid !== uid);
  if (refusals.length > 0 || awaiting.length === 0) return { refusals, keptFor: [] };
  const withThem = cluster.with(awaiting, node, () => refusalsOf(judgement, node));
  return { refusals: withThem, keptFor: withThem.length > 0 ? awaiting.map(({ key }) => key) : [] };
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
    if (isPodTerminal(other) || other.metadata?.uid === pod.metadata?.uid) continue;
    const awaited = other.status?.nominatedNodeName;
    if (other.spec?.nodeName) cluster.setPod(cluster.factsOf(other));
    else if (awaited) cluster.nominate(cluster.factsOf(other), awaited);
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

function groupsOf(verdicts: ReadonlyMap<NodeIndex, Verdict>, { nodes }: Cluster): readonly RefusedGroup[] {
  const whyOf = ({ refusals, keptFor }: Verdict) => ({
    reasons: refusals.flatMap(({ plugin, rejection }) =>
      rejection.reasons.map((reason) => ({ plugin, reason })),
    ),
    ...(keptFor.length > 0 && { keptFor }),
  });
  const refused = [...verdicts].filter(([, { refusals }]) => refusals.length > 0);
  const groups = Map.groupBy(refused, ([, verdict]) => JSON.stringify(whyOf(verdict)));
  return Array.from(groups.values(), (group) => ({
    ...whyOf((group[0] as (typeof group)[number])[1]),
    nodes: group.map(([node]) => nodes.name(node)),
  })).sort((a, b) => b.nodes.length - a.nodes.length);
}

function rankedNodes(
  judgement: Judgement,
  verdicts: ReadonlyMap<NodeIndex, Verdict>,
  { nodes }: Cluster,
): readonly RankedNode[] {
  const feasible = [...verdicts].flatMap(([node, { refusals }]) => (refusals.length === 0 ? [node] : []));
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

function messageOf(verdicts: ReadonlyMap<NodeIndex, Verdict>): string {
  const tally = new RefusalTally();
  for (const { refusals } of verdicts.values()) if (refusals[0]) tally.add(refusals[0], 1);
  return explainRefusals(tally.refusals);
}
