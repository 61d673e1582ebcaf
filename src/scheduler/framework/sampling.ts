import { minFeasibleNodes, minPercentageOfNodes } from "../limits.ts";

/** How many nodes that fit are enough to choose from: all of a small cluster, a share of a large one that shrinks from 50 % to 5 %. */
export function nodesToFind(nodes: number): number {
  if (nodes < minFeasibleNodes) return nodes;
  const percentage = Math.max(minPercentageOfNodes, 50 - Math.floor(nodes / 125));
  return Math.max(minFeasibleNodes, Math.floor((nodes * percentage) / 100));
}
