import type { Load, LoadResult } from "../load/load.ts";
import { type Measurement, measurement } from "../row.ts";
import type { BenchCluster } from "./bench-cluster.ts";

export interface Comparison {
  readonly load: (round: number) => Omit<Load, "endpoint">;
  /** The request that asks plain Node for as many bytes as we answered with. */
  readonly bare: (answerBytes: number) => Load["requests"];
  readonly rounds: number;
  /** What a round is worth: requests per second unless given. */
  readonly worth?: (result: LoadResult) => number;
}

/** Puts the same load on the cluster and on plain Node, in turns, so that both see the machine in the same moods. */
export async function compare(cluster: BenchCluster, comparison: Comparison): Promise<Measurement> {
  const { worth = ({ perSecond }: LoadResult) => perSecond } = comparison;
  const rounds: number[] = [];
  const bare: number[] = [];
  for (let round = 0; round < comparison.rounds; round++) {
    const load = comparison.load(round);
    const result = await cluster.load(load, cluster.endpoint);
    const alike = { ...load, requests: comparison.bare(result.answerBytes) };
    rounds.push(worth(result));
    bare.push(worth(await cluster.load(alike, cluster.bare[load.protocol])));
  }
  return measurement(rounds, bare);
}
