import { minFeasibleNodes, minPercentageOfNodes } from "../limits.ts";
import type { Profile } from "./plugin.ts";

/**
 * How many nodes that fit are enough to choose from, at least one: all of a small cluster; of a large one the share that the profile says, or one that
 * shrinks from 50 % to 5 % as the cluster grows.
 */
export function nodesToFind(
  nodes: number,
  { percentageOfNodesToScore }: Pick<Profile, "percentageOfNodesToScore">,
): number {
  if (nodes < minFeasibleNodes) return Math.max(1, nodes);
  const adaptive = Math.max(minPercentageOfNodes, 50 - Math.floor(nodes / 125));
  const percentage = percentageOfNodesToScore || adaptive;
  return Math.max(minFeasibleNodes, Math.floor((nodes * percentage) / 100));
}
