import type { Random } from "#base";
import type { Judgement } from "./judgement.ts";
import type { NodeGroup } from "./node-groups.ts";
import type { NodeIndex, TraitGroup } from "./plugin.ts";

export interface Best {
  readonly node: NodeIndex;
  /** How many nodes there are in the groups. */
  readonly feasible: number;
}

/** The node with the highest score of all, of several equally good ones each with the same probability. There must be a group. */
export function bestOf(
  groups: readonly NodeGroup[],
  { traitFilters, traitScores }: Judgement,
  random: Random,
): Best {
  const totals = groups.map((group) => group.top);
  for (let at = 0; at < traitScores.length; at += 1) {
    const { judge, weight } = traitScores[at] as Judgement["traitScores"][number];
    const views = groups.map((group) => group.views[traitFilters.length + at] as TraitGroup);
    const scores = new Array<number>(groups.length).fill(0);
    judge.score(views, scores);
    for (let index = 0; index < scores.length; index += 1) {
      totals[index] = (totals[index] as number) + weight * (scores[index] as number);
    }
  }
  let highest = -1;
  let ties = 0;
  let feasible = 0;
  for (let index = 0; index < groups.length; index += 1) {
    const group = groups[index] as NodeGroup;
    const total = totals[index] as number;
    feasible += group.size;
    if (total > highest) ties = 0;
    if (total >= highest) {
      highest = total;
      ties += group.best.length;
    }
  }
  let pick = ties === 1 ? 0 : random.uint32() % ties;
  for (let index = 0; index < groups.length; index += 1) {
    if (totals[index] !== highest) continue;
    const { best } = groups[index] as NodeGroup;
    if (pick < best.length) return { node: best[pick] as NodeIndex, feasible };
    pick -= best.length;
  }
  throw new RangeError("the best of several groups is in none of them");
}
