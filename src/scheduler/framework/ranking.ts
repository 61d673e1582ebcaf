import type { Random } from "#base";
import { bestAccepted, bestOf } from "./best-of-groups.ts";
import type { Cluster } from "./cluster.ts";
import { CountersInUse } from "./counts/counters.ts";
import {
  candidatesOf,
  inputsOf,
  type Judgement,
  judge,
  type Refusal,
  refusalAlone,
  refusalOf,
} from "./judgement.ts";
import { type NodeGroup, NodeGroups } from "./node-groups.ts";
import type { NodeIndex, NodeView, Plugin, TraitGroup } from "./plugin.ts";
import type { PodShape } from "./pod-shape.ts";
import { type Refusals, RefusalTally } from "./refusals.ts";

/**
 * All nodes as pods of one shape see them: which fit, and how good each is. Worked out once, a share of the nodes at a time, and from then
 * on only for nodes that changed: a decision costs the same in a small and in a large cluster.
 *
 *     unknown ─look─► refused ◄─ change ─► fits: in a group by its traits, in a bucket by its score
 *
 * What depends on a node alone is kept; what depends on more (a zone's pods, the highest score) is asked per group at every choice.
 */
export class Ranking implements NodeView {
  /** See `inputsOf`. */
  readonly inputs: string;
  readonly #plugins: readonly Plugin[];
  readonly #shape: PodShape;
  readonly #cluster: Cluster;
  readonly #counters: CountersInUse;
  readonly #judgement: Judgement;
  #groups: NodeGroups;
  /** By node: whether it is known to fit; if not, why; if so its group, its score alone, and its place among those with the same score. */
  #states = new Uint8Array(0);
  readonly #refusalOf: (Refusal | undefined)[] = [];
  #groupOf = new Int32Array(0);
  #scoreOf = new Int32Array(0);
  #placeOf = new Int32Array(0);
  /** Changes before this position are taken in. */
  #position = 0;
  /** The nodes not yet looked at: as many as `left`, from `next` on, round in a circle of `circle`, all of them or the candidates. */
  #candidates: readonly NodeIndex[] | undefined;
  #next = 0;
  #left = 0;
  #circle = 0;
  /** Those in state `refused`, by why. */
  #refused = new RefusalTally();
  #refusals: Refusals | undefined;
  readonly #traits: number[];

  constructor(plugins: readonly Plugin[], shape: PodShape, cluster: Cluster) {
    this.inputs = inputsOf(plugins, shape, cluster);
    this.#plugins = plugins;
    this.#shape = shape;
    this.#cluster = cluster;
    this.#counters = new CountersInUse(cluster.counters);
    this.#judgement = judge(plugins, shape, cluster, this.#counters);
    this.#groups = new NodeGroups(this.#judgement.offsets);
    this.#traits = new Array(this.#judgement.traits.length + 1).fill(0);
    this.#forget(0);
  }

  get isLocal(): boolean {
    return this.#judgement.traitFilters.length === 0;
  }

  /**
   * The best node, of several equally good ones each with the same probability. Looks at nodes that it does not know, from `start` on, until
   * `wanted` more fit.
   */
  choose(options: ChooseOptions): Choice {
    this.#takeIn(options.start);
    let examined = 0;
    do {
      examined += this.#look(options.wanted);
      const feasible = this.#feasible();
      if (feasible.length > 0) return { ...bestOf(feasible, this.#judgement, options.random), examined };
    } while (this.#left > 0);
    return { node: undefined, feasible: 0, examined };
  }

  /** As `choose`, of the nodes that `accepts` likes: see `bestAccepted`. */
  chooseAccepted(options: ChooseOptions & { readonly accepts: (node: NodeIndex) => boolean }): Choice {
    this.#takeIn(options.start);
    const examined = this.#look(options.wanted);
    const node = bestAccepted(this.#feasible(), this.#judgement, options);
    return { node, feasible: node === undefined ? 0 : 1, examined };
  }

  /** Why no node fits; to be asked after `choose` found none. */
  refusals(): Refusals {
    if (this.#refusals) return this.#refusals;
    if (this.#candidates) this.#judgeOthers();
    const tally = new RefusalTally(this.#refused);
    for (const group of this.#groups.all) {
      const refusal = group.size > 0 ? this.#refusalOfGroup(group) : undefined;
      if (refusal) tally.add(refusal, group.size);
    }
    this.#refusals = tally.refusals;
    return this.#refusals;
  }

  /** All its nodes are refused alike. */
  #refusalOfGroup(group: NodeGroup): Refusal | undefined {
    if (group.ownTrait !== 0) return this.refusal(group.ownTrait - 1);
    const node = group.best[0];
    return node === undefined ? undefined : refusalOf(this.#judgement, node);
  }

  /** Why the node does not do at this moment, whatever was worked out before; undefined when it does. */
  refusal(node: NodeIndex, { except }: { readonly except?: string } = {}): Refusal | undefined {
    const refused = refusalOf(this.#judgement, node);
    if (refused) return refused;
    const nominated = this.#cluster.nominations
      .on(node, this.#shape)
      .filter(({ uid }) => uid !== except && this.#cluster.pod(uid) === undefined);
    if (nominated.length === 0) return undefined;
    return this.#cluster.with(nominated, node, () => this.#refusalAnew(node));
  }

  /** Pods that were not there when it was judged may have brought rules of their own. */
  #refusalAnew(node: NodeIndex): Refusal | undefined {
    if (inputsOf(this.#plugins, this.#shape, this.#cluster) === this.inputs) {
      return refusalOf(this.#judgement, node);
    }
    const counters = new CountersInUse(this.#cluster.counters);
    const refusal = refusalOf(judge(this.#plugins, this.#shape, this.#cluster, counters), node);
    counters.release();
    return refusal;
  }

  /** It is not used any more. */
  close(): void {
    this.#counters.release();
  }

  /** Takes in what changed since the last time. */
  #takeIn(start: number): void {
    const { changes, nodes } = this.#cluster;
    const behind = changes.position - this.#position;
    if (behind === 0) return;
    this.#refusals = undefined;
    if (this.#states.length < nodes.limit) this.#grow(nodes.limit);
    if (!changes.reaches(this.#position) || behind > nodes.limit || this.#groups.all.length > maxGroups) {
      this.#forget(start);
      return;
    }
    for (; this.#position < changes.position; this.#position += 1) this.#judge(changes.at(this.#position));
  }

  #forget(start: number): void {
    const { changes, nodes } = this.#cluster;
    this.#position = changes.position;
    this.#groups = new NodeGroups(this.#judgement.offsets);
    if (this.#states.length < nodes.limit) this.#grow(nodes.limit);
    this.#states.fill(unknown);
    this.#refused = new RefusalTally();
    this.#candidates = candidatesOf(this.#judgement);
    this.#circle = this.#candidates?.length ?? nodes.limit;
    this.#left = this.#circle;
    this.#next = start;
  }

  #grow(limit: number): void {
    const size = Math.max(64, limit + (limit >> 2));
    this.#states = copied(this.#states, new Uint8Array(size));
    this.#groupOf = copied(this.#groupOf, new Int32Array(size));
    this.#scoreOf = copied(this.#scoreOf, new Int32Array(size));
    this.#placeOf = copied(this.#placeOf, new Int32Array(size));
  }

  /** Looks at unknown nodes until so many of them fit; returns at how many. */
  #look(wanted: number): number {
    let examined = 0;
    for (let found = 0; this.#left > 0 && found < wanted; this.#left -= 1, this.#next += 1) {
      const at = this.#next % this.#circle;
      const node = this.#candidates ? (this.#candidates[at] as NodeIndex) : at;
      if (this.#states[node] !== unknown) continue;
      examined += 1;
      if (this.#judge(node)) found += 1;
    }
    return examined;
  }

  /** Those that were no candidates: of each it is to be said why. */
  #judgeOthers(): void {
    for (const node of this.#cluster.nodes) if (this.#states[node] === unknown) this.#judge(node);
  }

  /** Works out anew what is kept of a node. Returns whether it fits. */
  #judge(node: NodeIndex): boolean {
    const refusal = this.#cluster.nodes.exists(node) ? refusalAlone(this.#judgement, node) : noNode;
    if (this.#states[node] === refused) this.#count(node, -1);
    if (refusal) {
      if (this.#states[node] === fits) this.#leave(node);
      this.#states[node] = refused;
      this.#refusalOf[node] = refusal;
      this.#count(node, 1);
      return false;
    }
    const group = this.#groups.find(this.#traitsOf(node));
    const score = this.#scoreAlone(node);
    if (this.#states[node] === fits) {
      if (this.#groupOf[node] === group && this.#scoreOf[node] === score) return true;
      this.#leave(node);
    }
    this.#states[node] = fits;
    this.#groupOf[node] = group;
    this.#scoreOf[node] = score;
    this.#placeOf[node] = (this.#groups.all[group] as NodeGroup).add(node, score);
    return true;
  }

  #count(node: NodeIndex, sign: 1 | -1): void {
    const refusal = this.#refusalOf[node];
    if (refusal && refusal !== noNode) this.#refused.add(refusal, sign);
  }

  /** The same array each time. */
  #traitsOf(node: NodeIndex): readonly number[] {
    const { traits } = this.#judgement;
    for (let at = 0; at < traits.length; at += 1) {
      this.#traits[at] = (traits[at] as Judgement["traits"][number])(node);
    }
    // Where others wait it is looked at alone, with them and without.
    const isAwaited = this.#cluster.nominations.on(node, this.#shape).length > 0;
    this.#traits[traits.length] = isAwaited ? node + 1 : 0;
    return this.#traits;
  }

  #scoreAlone(node: NodeIndex): number {
    const { nodeScores } = this.#judgement;
    let score = 0;
    for (let at = 0; at < nodeScores.length; at += 1) {
      const { judge, weight } = nodeScores[at] as Judgement["nodeScores"][number];
      score += weight * judge.score(node);
    }
    return score;
  }

  #leave(node: NodeIndex): void {
    const group = this.#groups.all[this.#groupOf[node] as number] as NodeGroup;
    const place = this.#placeOf[node] as number;
    const moved = group.remove(this.#scoreOf[node] as number, place);
    if (moved !== undefined) this.#placeOf[moved] = place;
  }

  #feasible(): readonly NodeGroup[] {
    const { traitFilters } = this.#judgement;
    return this.#groups.all.filter((group) => {
      if (group.size === 0) return false;
      for (let at = 0; at < traitFilters.length; at += 1) {
        const { traits } = group.views[at] as TraitGroup;
        if ((traitFilters[at] as Judgement["traitFilters"][number]).refuse(traits)) return false;
      }
      return group.ownTrait === 0 || this.refusal(group.ownTrait - 1) === undefined;
    });
  }
}

export interface ChooseOptions {
  readonly wanted: number;
  readonly start: number;
  readonly random: Random;
}

/** `node` is undefined when none fits. `feasible` of those that are known fit; `examined` were looked at for the first time. */
export interface Choice {
  readonly node: NodeIndex | undefined;
  readonly feasible: number;
  readonly examined: number;
}

const unknown = 0;
const refused = 1;
const fits = 2;

const noNode: Refusal = { plugin: "", rejection: { reasons: [], isResolvable: false } };

/** More groups than this are mostly empty ones that nodes have left: then everything is worked out anew. */
const maxGroups = 4_096;

function copied<A extends Uint8Array | Int32Array>(from: A, to: A): A {
  to.set(from as never);
  return to;
}
