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
export function bestOf(groups: readonly NodeGroup[], judgement: Judgement, random: Random): Best {
  const extra = scoresByTraits(groups, judgement);
  const totals = groups.map((group, index) => group.top + (extra[index] as number));
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

/**
 * The best node that `accepts` likes. Undefined when a look at a few of the best does not tell: none of them is accepted, others wait there, or
 * scores are in proportion to the nodes that fit.
 */
export function bestAccepted(
  groups: readonly NodeGroup[],
  judgement: Judgement,
  { random, accepts }: { readonly random: Random; readonly accepts: (node: NodeIndex) => boolean },
): NodeIndex | undefined {
  const isRelative = judgement.traitScores.some(({ judge }) => !judge.isAbsolute);
  if (isRelative || groups.some(({ ownTrait }) => ownTrait !== 0)) return undefined;
  let tried = 0;
  for (const node of bestFirst(groups, judgement, random)) {
    if (accepts(node)) return node;
    tried += 1;
    if (tried === mostTried) return undefined;
  }
  return undefined;
}

const mostTried = 64;

/** Of each group, what its nodes score by their traits. */
function scoresByTraits(
  groups: readonly NodeGroup[],
  { traitFilters, traitScores }: Judgement,
): readonly number[] {
  const totals = new Array<number>(groups.length).fill(0);
  for (let at = 0; at < traitScores.length; at += 1) {
    const { judge, weight } = traitScores[at] as Judgement["traitScores"][number];
    const views = groups.map((group) => group.views[traitFilters.length + at] as TraitGroup);
    const scores = new Array<number>(groups.length).fill(0);
    judge.score(views, scores);
    for (let index = 0; index < scores.length; index += 1) {
      totals[index] = (totals[index] as number) + weight * (scores[index] as number);
    }
  }
  return totals;
}

/** All nodes of the groups, those that score the same in random order. */
function* bestFirst(
  groups: readonly NodeGroup[],
  judgement: Judgement,
  random: Random,
): Generator<NodeIndex> {
  const extra = scoresByTraits(groups, judgement);
  const totals = groups.map((group, index) => group.top + (extra[index] as number));
  for (let total = Math.max(0, ...totals); total >= 0; total -= 1) {
    const lists = groups.map((group, index) => group.withScore(total - (extra[index] as number)));
    yield* inRandomOrder(lists, random);
  }
}

/** Drawn one by one without putting back; costs as much as is taken of it. */
function* inRandomOrder(lists: readonly (readonly NodeIndex[])[], random: Random): Generator<NodeIndex> {
  const moved = new Map<number, number>();
  for (let left = lists.reduce((sum, { length }) => sum + length, 0); left > 0; left -= 1) {
    const drawn = left === 1 ? 0 : random.uint32() % left;
    yield elementAt(lists, moved.get(drawn) ?? drawn);
    moved.set(drawn, moved.get(left - 1) ?? left - 1);
  }
}

/** Of the lists one after another. */
function elementAt(lists: readonly (readonly NodeIndex[])[], at: number): NodeIndex {
  let left = at;
  for (const list of lists) {
    if (left < list.length) return list[left] as NodeIndex;
    left -= list.length;
  }
  throw new RangeError(`no list has an element ${at}`);
}
