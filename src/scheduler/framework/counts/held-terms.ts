import type { Cluster, PodObserver } from "../cluster.ts";
import type { PodFacts } from "../pod-facts.ts";
import type { PodShape } from "../pod-shape.ts";
import type { AffinityTerm } from "./affinity-term.ts";
import { DomainCounts } from "./domain-counts.ts";
import { termsOf } from "./pod-terms.ts";

/** A term that pods on nodes have, and how many have it, by domain: affinity binds both sides. */
export interface HeldTerm {
  /** Numbers are not given twice. */
  readonly id: number;
  readonly term: AffinityTerm;
  readonly role: "required" | "forbidden" | "preferred";
  /** Of a preferred term; negative when pods are rather to be far. */
  readonly weight: number;
  readonly holders: DomainCounts;
}

/** The terms of all pods on nodes. Equal terms are one. */
export class HeldTerms implements PodObserver {
  readonly #cluster: Cluster;
  readonly #terms = new Map<string, HeldTerm>();
  #ofShape = new WeakMap<PodShape, readonly HeldTerm[]>();
  /** In the order of coming; a shape remembers how many of them it has been held against. */
  #all: HeldTerm[] = [];
  #made = 0;
  #mostBeforeSweep = firstSweep;
  #matching = new WeakMap<PodShape, Matching>();
  #namespaces = 0;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  /** Those that speak of pods of this shape. */
  matching(shape: PodShape): readonly HeldTerm[] {
    const { listers } = this.#cluster;
    if (this.#namespaces !== listers.namespaces.version) {
      this.#namespaces = listers.namespaces.version;
      this.#matching = new WeakMap();
    }
    let matching = this.#matching.get(shape);
    if (!matching) {
      matching = { terms: [], compared: 0 };
      this.#matching.set(shape, matching);
    }
    for (; matching.compared < this.#all.length; matching.compared += 1) {
      const held = this.#all[matching.compared] as HeldTerm;
      if (held.term.matches(shape, listers)) matching.terms.push(held);
    }
    return matching.terms;
  }

  onPod({ shape }: PodFacts, node: number, sign: 1 | -1): void {
    for (const held of this.#heldBy(shape)) held.holders.add(node, sign);
  }

  #heldBy(shape: PodShape): readonly HeldTerm[] {
    if (!shape.spec.affinity) return none;
    const known = this.#ofShape.get(shape);
    if (known) return known;
    // Before any of its terms is made: none of them has a holder yet.
    if (this.#all.length >= this.#mostBeforeSweep) this.#sweep();
    const { required, forbidden, preferred } = termsOf(shape);
    const held = [
      ...required.map((term) => this.#hold(term, "required", 0)),
      ...forbidden.map((term) => this.#hold(term, "forbidden", 0)),
      ...preferred.map(({ term, weight }) => this.#hold(term, "preferred", weight)),
    ];
    this.#ofShape.set(shape, held);
    return held;
  }

  #hold(term: AffinityTerm, role: HeldTerm["role"], weight: number): HeldTerm {
    const key = `${role} ${weight} ${term.key}`;
    const known = this.#terms.get(key);
    if (known) return known;
    const holders = new DomainCounts(this.#cluster.nodes.labels.column(term.topologyKey));
    const held = { id: this.#made, term, role, weight, holders };
    this.#made += 1;
    this.#terms.set(key, held);
    this.#all.push(held);
    this.#cluster.touch();
    return held;
  }

  /** Forgets terms that nobody holds any more. */
  #sweep(): void {
    for (const [key, { holders }] of this.#terms) if (holders.pods === 0) this.#terms.delete(key);
    this.#all = [...this.#terms.values()];
    this.#mostBeforeSweep = Math.max(firstSweep, 2 * this.#all.length);
    this.#ofShape = new WeakMap();
    this.#matching = new WeakMap();
  }
}

interface Matching {
  readonly terms: HeldTerm[];
  compared: number;
}

const firstSweep = 256;
const none: readonly HeldTerm[] = [];
