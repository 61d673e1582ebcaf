import { podCondition } from "#api";
import type { Failure, NodeIndex, NodeView, Nomination, Plugin } from "../framework/plugin.ts";
import type { PodFacts } from "../framework/pod-facts.ts";
import { minCandidates, minPercentageOfCandidates, mostSparingTrials } from "../limits.ts";
import { type Candidate, compareCosts } from "./candidate.ts";
import { CandidatePool } from "./candidate-pool.ts";
import type { Trial } from "./trial.ts";
import { harmlessVictimsOn, victimsOn } from "./victims.ts";

/** Among how many candidates the cheapest is looked for, at least: so many, or so many percent of the nodes. Kubernetes' numbers unless given. */
export interface DefaultPreemptionOptions {
  readonly candidates?: number;
  readonly percentageOfNodes?: number;
}

/**
 * Makes room for a pod that fits nowhere, by letting pods of lower priority go: on the node where that costs least. Decides only; the
 * scheduler carries it out. A pod that waits for room already made does not ask for more.
 */
export function defaultPreemption({
  candidates = minCandidates,
  percentageOfNodes = minPercentageOfCandidates,
}: DefaultPreemptionOptions = {}): Plugin {
  const pools = new WeakMap<NodeView, KnownPool>();
  return {
    name: "DefaultPreemption",
    postFilter(failure) {
      const { facts, cluster, awaited } = failure;
      if (facts.shape.spec.preemptionPolicy === "Never") return undefined;
      if (awaited !== undefined && isRoomBeingMade(awaited, failure) && !isForGood(awaited, failure)) {
        return nomination(awaited, [], failure);
      }
      const pool = poolFor(failure, pools);
      const wanted = Math.max(candidates, Math.floor((cluster.nodes.count * percentageOfNodes) / 100));
      const patience = { trials: mostSparingTrials };
      const usual = pool.cheapest(wanted, {
        cluster,
        tryOut: (node) => victimsFor(failure, { node, patience, by: victimsOn }),
      });
      const best =
        usual && usual.cost.violations > 0 ? (cheapestHarmless(failure, patience) ?? usual) : usual;
      return best && nomination(best.node, best.victims, failure);
    },
  };
}

interface KnownPool {
  readonly pool: CandidatePool;
  /** Of the budgets that candidates were worked out with. */
  readonly budgets: number;
}

/** What was found before holds only if the pod's rules judge every node alone, and budgets are what they were. */
function poolFor({ view, cluster }: Failure, pools: WeakMap<NodeView, KnownPool>): CandidatePool {
  const budgets = cluster.listers.podDisruptionBudgets.version;
  const known = pools.get(view);
  const pool = known?.pool ?? new CandidatePool();
  if (known?.budgets !== budgets || !view.isLocal) pool.forget();
  pools.set(view, { pool, budgets });
  return pool;
}

interface Attempt {
  readonly node: NodeIndex;
  readonly patience: Trial["patience"];
  readonly by: (trial: Trial) => Candidate | undefined;
}

function victimsFor(
  { facts, cluster, condemned, view }: Failure,
  { node, patience, by }: Attempt,
): Candidate | undefined {
  if (!view.refusal(node)?.rejection.isResolvable) return undefined;
  return by({
    preemptor: facts,
    node,
    cluster,
    condemned,
    patience,
    budgetsOf: (namespace) => cluster.listers.podDisruptionBudgets.list(namespace),
    fits: () => view.refusal(node) === undefined,
  });
}

/** To be asked when all usual candidates violate a budget. */
function cheapestHarmless(failure: Failure, patience: Trial["patience"]): Candidate | undefined {
  const { nodes } = failure.cluster;
  let best: Candidate | undefined;
  for (let node = 0; node < nodes.limit && patience.trials > 0; node += 1) {
    if (!nodes.exists(node)) continue;
    const candidate = victimsFor(failure, { node, patience, by: harmlessVictimsOn });
    if (candidate && (!best || compareCosts(candidate.cost, best.cost) < 0)) best = candidate;
  }
  return best;
}

/** Whether pods are still leaving the node for the sake of one like this. */
export function isRoomBeingMade(
  node: NodeIndex,
  { facts, cluster, condemned }: Pick<Failure, "facts" | "cluster" | "condemned">,
): boolean {
  return [...cluster.podsOn(node)].some(
    (pod) =>
      pod.shape.priority < facts.shape.priority && (condemned.has(pod.uid) || isLeavingByPreemption(pod)),
  );
}

/** Whether room would not help there any more. */
function isForGood(node: NodeIndex, { cluster, view }: Failure): boolean {
  return !cluster.nodes.exists(node) || view.refusal(node)?.rejection.isResolvable === false;
}

function isLeavingByPreemption({ pod, isTerminating }: PodFacts): boolean {
  return isTerminating && podCondition(pod, "DisruptionTarget")?.reason === "PreemptionByScheduler";
}

function nomination(node: NodeIndex, victims: readonly PodFacts[], { cluster }: Failure): Nomination {
  return { nodeName: cluster.nodes.name(node), victims };
}
