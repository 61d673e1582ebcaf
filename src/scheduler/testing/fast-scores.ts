import type { Cluster } from "../framework/cluster.ts";
import { CountersInUse } from "../framework/counts/counters.ts";
import { judge } from "../framework/judgement.ts";
import type { NodeIndex, TraitScore } from "../framework/plugin.ts";
import type { PodShape } from "../framework/pod-shape.ts";
import { defaultProfile } from "../plugins/registry.ts";

/** What each plugin scores the nodes with these names, by its name. */
export function fastScores(
  shape: PodShape,
  nodeNames: readonly string[],
  cluster: Cluster,
): ReadonlyMap<string, readonly number[]> {
  const counters = new CountersInUse(cluster.counters);
  const { nodeScores, traitScores } = judge(defaultProfile.plugins, shape, cluster, counters);
  const nodes = nodeNames.map((name) => cluster.nodes.find(name) as NodeIndex);
  const scores = new Map<string, readonly number[]>();
  for (const { plugin, judge } of nodeScores) {
    scores.set(
      plugin,
      nodes.map((node) => judge.score(node)),
    );
  }
  for (const { plugin, judge } of traitScores) scores.set(plugin, byTraits(judge, nodes));
  counters.release();
  return scores;
}

function byTraits(judge: TraitScore, nodes: readonly NodeIndex[]): readonly number[] {
  const groups = new Map<string, { traits: readonly number[]; size: number }>();
  const groupOf = nodes.map((node) => {
    const traits = judge.traits.map((trait) => trait(node));
    const key = traits.join();
    const group = groups.get(key) ?? { traits, size: 0 };
    group.size += 1;
    groups.set(key, group);
    return group;
  });
  const all = [...groups.values()];
  const scores = all.map(() => 0);
  if (all.length > 0) judge.score(all, scores);
  return groupOf.map((group) => scores[all.indexOf(group)] ?? 0);
}
