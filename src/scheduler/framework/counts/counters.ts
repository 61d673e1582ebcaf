import type { Cluster, PodObserver } from "../cluster.ts";
import type { PodFacts } from "../pod-facts.ts";
import type { PodShape } from "../pod-shape.ts";
import { PodCounts } from "./pod-counts.ts";

/** Which pods are counted, and by what. */
export interface Counted {
  /** Equal for counts of the same pods on the same nodes. */
  readonly key: string;
  readonly topologyKey: string;
  matches(shape: PodShape): boolean;
  /** Pods that are being deleted do not count. */
  readonly ignoresTerminating?: boolean;
  /** Nodes whose pods count, and which make a domain: all with the topology key unless given. */
  isEligible?(node: number): boolean;
}

/** Counts of pods that somebody uses: each is kept once, from the first who asks to the last who lets go. */
export class Counters implements PodObserver {
  readonly #cluster: Cluster;
  readonly #counters = new Map<string, Counter>();
  /** In the order of coming; a shape remembers how many of them it has been held against. */
  #all: Counter[] = [];
  #matching = new WeakMap<PodShape, Matching>();

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  acquire(counted: Counted): PodCounts {
    const { key } = counted;
    let counter = this.#counters.get(key);
    if (!counter) {
      counter = { counted, counts: this.#count(counted), users: 0 };
      this.#counters.set(key, counter);
      this.#all.push(counter);
    }
    counter.users += 1;
    return counter.counts;
  }

  release(key: string): void {
    const counter = this.#counters.get(key);
    if (!counter) return;
    counter.users -= 1;
    if (counter.users > 0) return;
    this.#counters.delete(key);
    this.#all = this.#all.filter((one) => one !== counter);
    this.#matching = new WeakMap();
  }

  onPod(facts: PodFacts, node: number, sign: 1 | -1): void {
    if (this.#all.length === 0) return;
    for (const { counted, counts } of this.#matched(facts.shape)) {
      if (!(facts.isTerminating && counted.ignoresTerminating)) counts.add(node, sign);
    }
  }

  beforeNode(node: number): void {
    for (const { counts } of this.#all) counts.leave(node);
  }

  afterNode(node: number): void {
    for (const { counts } of this.#all) counts.join(node);
  }

  #count(counted: Counted): PodCounts {
    const { nodes } = this.#cluster;
    const column = nodes.labels.column(counted.topologyKey);
    const counts = new PodCounts(column, nodes, counted.isEligible?.bind(counted));
    const matches = new Map<PodShape, boolean>();
    for (let node = 0; node < nodes.limit; node += 1) {
      let pods = 0;
      for (const { shape, isTerminating } of this.#cluster.podsOn(node)) {
        if (isTerminating && counted.ignoresTerminating) continue;
        let isMatch = matches.get(shape);
        if (isMatch === undefined) {
          isMatch = counted.matches(shape);
          matches.set(shape, isMatch);
        }
        if (isMatch) pods += 1;
      }
      if (pods > 0) counts.add(node, pods);
    }
    return counts;
  }

  #matched(shape: PodShape): readonly Counter[] {
    let matching = this.#matching.get(shape);
    if (!matching) {
      matching = { counters: [], compared: 0 };
      this.#matching.set(shape, matching);
    }
    for (; matching.compared < this.#all.length; matching.compared += 1) {
      const counter = this.#all[matching.compared] as Counter;
      if (counter.counted.matches(shape)) matching.counters.push(counter);
    }
    return matching.counters;
  }
}

/** The counts that one user has acquired. */
export class CountersInUse {
  readonly #counters: Counters;
  readonly #keys: string[] = [];

  constructor(counters: Counters) {
    this.#counters = counters;
  }

  of(counted: Counted): PodCounts {
    this.#keys.push(counted.key);
    return this.#counters.acquire(counted);
  }

  release(): void {
    for (const key of this.#keys.splice(0)) this.#counters.release(key);
  }
}

interface Counter {
  readonly counted: Counted;
  readonly counts: PodCounts;
  users: number;
}

interface Matching {
  readonly counters: Counter[];
  compared: number;
}
