import type { Random } from "#base";
import type { Cluster } from "./cluster.ts";
import { CountersInUse } from "./counts/counters.ts";
import { candidatesOf, inputsOf, judge, refusalOf } from "./judgement.ts";
import type { NodeIndex, NodeView, Profile } from "./plugin.ts";
import type { PodFacts } from "./pod-facts.ts";
import type { PodShape } from "./pod-shape.ts";
import { type Choice, type ChooseOptions, Ranking } from "./ranking.ts";
import type { Refusals } from "./refusals.ts";
import { nodesToFind } from "./sampling.ts";
import { StandIns } from "./stand-ins.ts";

/** The result of thinking about one pod. */
export type Placement =
  | {
      readonly type: "placed";
      readonly node: NodeIndex;
      readonly nodeName: string;
      /** Nodes that fit, among which it is the best. */
      readonly feasible: number;
    }
  | { readonly type: "unschedulable"; readonly refusals: Refusals };

/**
 * Decides where pods of one profile go: the highest weighted score wins among the nodes that fit, ties by `random`. In a large cluster
 * the first pods of a shape choose among some nodes only; which, goes round.
 */
export class Placer {
  readonly #profile: Profile;
  readonly #cluster: Cluster;
  readonly #random: Random;
  /** Least recently used first. */
  readonly #rankings = new Map<PodShape, KnownRanking>();
  readonly #standIns = new StandIns();
  #start = 0;

  constructor(profile: Profile, cluster: Cluster, random: Random) {
    this.#profile = profile;
    this.#cluster = cluster;
    this.#random = random;
  }

  place(facts: PodFacts): Placement {
    const { nodes, nominations } = this.#cluster;
    const { shape, uid } = facts;
    const awaited = nominations.node(uid);
    if (awaited !== undefined && nodes.exists(awaited)) {
      if (!this.#ranking(shape).refusal(awaited, { except: uid })) return this.#placed(awaited, 1);
    }
    const wanted = nodesToFind(nodes.count, this.#profile);
    const options = { wanted, start: this.#start, random: this.#random };
    const { node, feasible, examined } =
      this.#chooseByClaims(shape, options) ?? this.#ranking(shape).choose(options);
    if (node === undefined) return { type: "unschedulable", refusals: this.#ranking(shape).refusals() };
    this.#start = (this.#start + examined) % Math.max(1, nodes.limit);
    return this.#placed(node, feasible);
  }

  #placed(node: NodeIndex, feasible: number): Placement {
    return { type: "placed", node, nodeName: this.#cluster.nodes.name(node), feasible };
  }

  /**
   * For a pod whose claims do matter, but are its own: nodes are tried in the order in which pods without claims would get them, instead of ranking all for
   * one pod. Undefined when that does not tell.
   */
  #chooseByClaims(shape: PodShape, options: ChooseOptions): Choice | undefined {
    const { plugins } = this.#profile;
    if (shape.claimless === shape || this.#standIns.of(shape, plugins, this.#cluster) !== shape)
      return undefined;
    if (this.#rankings.has(shape)) return undefined;
    const counters = new CountersInUse(this.#cluster.counters);
    const ofClaims = plugins.filter(({ readsClaims }) => readsClaims);
    const judgement = judge(ofClaims, shape, this.#cluster, counters);
    const accepts = (node: NodeIndex) => refusalOf(judgement, node) === undefined;
    // Where only few nodes come into question these are quickly ranked.
    const choice = candidatesOf(judgement)
      ? undefined
      : this.#ranking(shape.claimless).chooseAccepted({ ...options, accepts });
    counters.release();
    return choice?.node === undefined ? undefined : choice;
  }

  /** How pods of this shape see the nodes. */
  view(shape: PodShape): NodeView {
    return this.#ranking(shape);
  }

  #ranking(of: PodShape): Ranking {
    const { version } = this.#cluster;
    const shape = this.#standIns.of(of, this.#profile.plugins, this.#cluster);
    let known = this.#rankings.get(shape);
    this.#rankings.delete(shape);
    if (!known || known.version !== version) {
      const inputs = inputsOf(this.#profile.plugins, shape, this.#cluster);
      if (known?.ranking.inputs === inputs) known.version = version;
      else {
        const ranking = new Ranking(this.#profile.plugins, shape, this.#cluster);
        known?.ranking.close();
        known = { ranking, version };
      }
    }
    this.#rankings.set(shape, known);
    this.#dropOldest();
    return known.ranking;
  }

  #dropOldest(): void {
    const most = Math.max(minRankings, Math.floor(maxRankedNodes / (this.#cluster.nodes.count + 1)));
    if (this.#rankings.size <= most) return;
    for (const [shape, { ranking }] of this.#rankings) {
      ranking.close();
      this.#rankings.delete(shape);
      if (this.#rankings.size <= most) return;
    }
  }
}

interface KnownRanking {
  readonly ranking: Ranking;
  version: number;
}

/** Rankings are kept as long as they fit into some 30 MB together. */
const maxRankedNodes = 2_000_000;
const minRankings = 16;
