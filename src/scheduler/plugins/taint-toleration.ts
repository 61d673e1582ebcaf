import { jsonEqual, type Taint, type Toleration, tolerates, untoleratedTaint } from "#api";
import type { Cluster } from "../framework/cluster.ts";
import { scoreByTrait } from "../framework/normalize.ts";
import { type Plugin, type Rejection, rejection, type Trait } from "../framework/plugin.ts";
import type { PodShape } from "../framework/pod-shape.ts";
import type { Remedy } from "../framework/remedy.ts";

/** Tainted nodes take only pods that tolerate the taints; softly tainted ones are chosen last. */
export const taintToleration: Plugin = {
  name: "TaintToleration",
  filter({ spec }, { nodes }) {
    const tolerations = spec.tolerations ?? [];
    const { taintSet, taintSets } = nodes;
    /** By taint set. */
    const judged: (Rejection | undefined)[] = [undefined];
    return {
      by: "node",
      refuse(node) {
        const set = taintSet.values[node] as number;
        if (!(set in judged)) {
          const taint = untoleratedTaint(taintSets.taints(set), tolerations, hardEffects);
          judged[set] = taint && refusal(taint, judged);
        }
        return judged[set];
      },
    };
  },
  score(shape, cluster) {
    if (cluster.nodes.softTainted === 0) return undefined;
    return scoreByTrait(softTaints(shape, cluster), { best: "lowest" });
  },
  weight: 3,
  inputs: (_, { nodes }) => Number(nodes.softTainted > 0),
  remedies({ spec }, { nodes }) {
    return (node) => {
      const taints = nodes.taintSets
        .taints(nodes.taintSet.values[node] as number)
        .filter((taint) => untoleratedTaint([taint], spec.tolerations ?? [], hardEffects));
      return taints.some(({ key }) => silent.has(key)) ? [] : taints.map(remedyFor);
    };
  },
  mayHelp(event, { spec }) {
    if (event.type !== "node-added" && event.type !== "node-updated") return false;
    if (event.type === "node-updated" && jsonEqual(event.node.spec?.taints, event.old.spec?.taints))
      return false;
    return !untoleratedTaint(event.node.spec?.taints ?? [], spec.tolerations ?? [], hardEffects);
  },
};

/** Taints of nodes that do not answer: on such a node a pod that tolerates it would not run either. */
const silent: ReadonlySet<string> = new Set([
  "node.kubernetes.io/not-ready",
  "node.kubernetes.io/unreachable",
]);

function remedyFor({ key, value = "", effect }: Taint): Remedy {
  // It comes and goes with the cordon.
  if (key === "node.kubernetes.io/unschedulable") return { type: "uncordon-node" };
  return { type: "tolerate-taint", key, value, effect };
}

const hardEffects = ["NoSchedule", "NoExecute"] as const;

/** How many taints a node would like to be tolerated that are not. */
function softTaints({ spec }: PodShape, { nodes }: Cluster): Trait {
  const tolerations = (spec.tolerations ?? []).filter(
    ({ effect }) => !effect || effect === "PreferNoSchedule",
  );
  const { taintSet, taintSets } = nodes;
  const counts: number[] = [];
  return (node) => {
    const set = taintSet.values[node] as number;
    counts[set] ??= taintSets.taints(set).filter((taint) => isSoftAgainst(taint, tolerations)).length;
    return counts[set];
  };
}

function isSoftAgainst(taint: Taint, tolerations: readonly Toleration[]): boolean {
  return (
    taint.effect === "PreferNoSchedule" && !tolerations.some((toleration) => tolerates(toleration, taint))
  );
}

/** Different sets may be refused for the same taint. */
function refusal({ key, value }: Taint, known: readonly (Rejection | undefined)[]): Rejection {
  const reason = `node(s) had untolerated taint {${key}: ${value ?? ""}}`;
  return known.find((one) => one?.reasons[0] === reason) ?? rejection(reason, { isResolvable: false });
}
