import type { Judgement } from "../framework/judgement.ts";
import type { NodeIndex } from "../framework/plugin.ts";

/** What a node scores: by plugin, weight included, and in sum. */
export interface NodeScores {
  readonly node: NodeIndex;
  readonly byPlugin: Readonly<Record<string, number>>;
  readonly total: number;
}

/** Scores nodes that fit, each for itself: slow, and what a ranking must agree with. */
export function scoresOf(
  { nodeScores, traitScores }: Judgement,
  nodes: readonly NodeIndex[],
): readonly NodeScores[] {
  const byPlugin = nodes.map((): Record<string, number> => ({}));
  for (const { plugin, judge, weight } of nodeScores) {
    nodes.forEach((node, at) => {
      (byPlugin[at] as Record<string, number>)[plugin] = weight * judge.score(node);
    });
  }
  for (const { plugin, judge, weight } of traitScores) {
    const groups = nodes.map((node) => ({ traits: judge.traits.map((trait) => trait(node)), size: 1 }));
    const scores = groups.map(() => 0);
    judge.score(groups, scores);
    scores.forEach((score, at) => {
      (byPlugin[at] as Record<string, number>)[plugin] = weight * score;
    });
  }
  return nodes.map((node, at) => {
    const own = byPlugin[at] as Record<string, number>;
    return { node, byPlugin: own, total: Object.values(own).reduce((sum, score) => sum + score, 0) };
  });
}
