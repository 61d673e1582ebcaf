import type { NodeIndex, TraitGroup } from "./plugin.ts";

/**
 * Nodes that fit and have the same traits, ordered by what each scores alone: the best are known at once, and moving one node costs the
 * same however many there are.
 */
export class NodeGroup {
  /** Its traits, cut into those of each judge. */
  readonly views: readonly TraitGroup[];
  /** The last trait. */
  readonly ownTrait: number;
  size = 0;
  /** The highest score of a node in it. Meaningless when it is empty. */
  top = 0;
  readonly #buckets: (NodeIndex[] | undefined)[] = [];

  constructor(traits: readonly number[], offsets: readonly number[]) {
    this.ownTrait = traits[traits.length - 1] as number;
    this.views = offsets.map((offset, judge) => {
      const group = this;
      const own = traits.slice(offset, offsets[judge + 1] ?? traits.length - 1);
      return {
        traits: own,
        get size() {
          return group.size;
        },
      };
    });
  }

  /** The nodes with the highest score. */
  get best(): readonly NodeIndex[] {
    return this.withScore(this.top);
  }

  withScore(score: number): readonly NodeIndex[] {
    return this.#buckets[score] ?? [];
  }

  /** Returns where it went, to be told to `remove`. */
  add(node: NodeIndex, score: number): number {
    const bucket = this.#buckets[score] ?? [];
    this.#buckets[score] = bucket;
    if (this.size === 0 || score > this.top) this.top = score;
    this.size += 1;
    return bucket.push(node) - 1;
  }

  /** Returns the node that took its place, if one did. */
  remove(score: number, place: number): NodeIndex | undefined {
    const bucket = this.#buckets[score] as NodeIndex[];
    const last = bucket.pop() as NodeIndex;
    this.size -= 1;
    if (place < bucket.length) {
      bucket[place] = last;
      return last;
    }
    if (score === this.top && bucket.length === 0) {
      while (this.top > 0 && !this.#buckets[this.top]?.length) this.top -= 1;
    }
    return undefined;
  }
}

/** Finds the group of a combination of traits. */
export class NodeGroups {
  readonly all: NodeGroup[] = [];
  readonly #offsets: readonly number[];
  readonly #root: Branch = new Map();

  /** Where the traits of each judge begin; one more that is nobody's comes last. */
  constructor(offsets: readonly number[]) {
    this.#offsets = offsets;
  }

  /** The place in `all` of the group with these traits. */
  find(traits: readonly number[]): number {
    let branch = this.#root;
    const last = traits.length - 1;
    for (let at = 0; at < last; at += 1) {
      const trait = traits[at] as number;
      let next = branch.get(trait) as Branch | undefined;
      if (!next) {
        next = new Map();
        branch.set(trait, next);
      }
      branch = next;
    }
    const known = branch.get(traits[last] as number) as number | undefined;
    if (known !== undefined) return known;
    const made = this.all.push(new NodeGroup(traits, this.#offsets)) - 1;
    branch.set(traits[last] as number, made);
    return made;
  }
}

type Branch = Map<number, Branch | number>;
