import { type Taint, tolerates, untoleratedTaint } from "#api";
import { type Plugin, type Rejection, rejection } from "../framework/plugin.ts";

/** Tainted nodes take only pods that tolerate the taints; softly tainted ones are chosen last. */
export const taintToleration: Plugin = {
  name: "TaintToleration",
  filter({ pod }) {
    const tolerations = pod.spec?.tolerations ?? [];
    return ({ taints }) => {
      if (taints.length === 0) return undefined;
      const taint = untoleratedTaint(taints, tolerations, hardEffects);
      return taint && refusal(taint);
    };
  },
  score({ pod }, { softTaintedNodes }) {
    if (softTaintedNodes === 0) return undefined;
    const tolerations = pod.spec?.tolerations ?? [];
    return ({ taints }) => {
      let count = 0;
      for (const taint of taints) {
        if (isSoft(taint) && !tolerations.some((toleration) => tolerates(toleration, taint))) count += 1;
      }
      return count;
    };
  },
  normalize: "lowest",
  weight: 3,
  wakesOn: ["node-added", "node-updated"],
};

const hardEffects = ["NoSchedule", "NoExecute"] as const;

function isSoft(taint: Taint): boolean {
  return taint.effect === "PreferNoSchedule";
}

/** Made once per taint: a large cluster has few different ones and asks for them often. */
const refusals = new Map<string, Rejection>();
const maxRefusals = 1_000;

function refusal({ key, value }: Taint): Rejection {
  const reason = `node(s) had untolerated taint {${key}: ${value ?? ""}}`;
  const known = refusals.get(reason);
  if (known) return known;
  if (refusals.size >= maxRefusals) refusals.clear();
  const made = rejection(reason, { isResolvable: false });
  refusals.set(reason, made);
  return made;
}
