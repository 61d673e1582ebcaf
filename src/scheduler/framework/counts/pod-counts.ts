import { absent, type LabelColumn } from "../nodes/label-columns.ts";
import type { NodeTable } from "../nodes/node-table.ts";

/**
 * How many pods there are of some sort, by domain of a topology: one number for each zone, say. Kept by single steps; the least is always at
 * hand. A domain exists as long as a node in it is eligible, and only pods on eligible nodes count.
 */
export class PodCounts {
  readonly column: LabelColumn;
  readonly #nodes: NodeTable;
  readonly #isEligible: ((node: number) => boolean) | undefined;
  /** By node: pods on it, eligible or not, and the domain where they count. */
  readonly #onNode: number[] = [];
  readonly #domainOf: number[] = [];
  /** By domain: pods, and nodes that are eligible. */
  readonly #pods: number[] = [];
  readonly #eligible: number[] = [];
  /** How many domains have so many pods. */
  readonly #domainsWith: number[] = [];
  #domains = 0;
  #total = 0;
  #least = 0;

  constructor(column: LabelColumn, nodes: NodeTable, isEligible?: (node: number) => boolean) {
    this.column = column;
    this.#nodes = nodes;
    this.#isEligible = isEligible;
    for (const node of nodes) this.join(node);
  }

  /** Domains with an eligible node. */
  get domains(): number {
    return this.#domains;
  }

  /** Pods in all domains. */
  get total(): number {
    return this.#total;
  }

  /** Pods in the domain that has the fewest; 0 without domains. */
  get least(): number {
    return this.#domains === 0 ? 0 : this.#least;
  }

  /** Pods in a domain. */
  in(domain: number): number {
    return this.#pods[domain] ?? 0;
  }

  on(node: number): number {
    return this.#onNode[node] ?? 0;
  }

  add(node: number, pods: number): void {
    this.#onNode[node] = this.on(node) + pods;
    const domain = this.#domainOf[node] ?? absent;
    if (domain !== absent) this.#change(domain, pods);
  }

  /** The node is there, or has changed. No pods are counted on it. */
  join(node: number): void {
    const domain = this.column.of(node);
    if (domain === absent || !this.#nodes.exists(node) || this.#isEligible?.(node) === false) return;
    this.#domainOf[node] = domain;
    const nodes = this.#eligible[domain] ?? 0;
    this.#eligible[domain] = nodes + 1;
    if (nodes > 0) return;
    this.#domains += 1;
    this.#pods[domain] = 0;
    this.#domainsWith[0] = (this.#domainsWith[0] ?? 0) + 1;
    this.#least = 0;
  }

  /** The node is about to change or to go. No pods are counted on it any more. */
  leave(node: number): void {
    const domain = this.#domainOf[node] ?? absent;
    if (domain === absent) return;
    this.#domainOf[node] = absent;
    const nodes = (this.#eligible[domain] as number) - 1;
    this.#eligible[domain] = nodes;
    if (nodes > 0) return;
    this.#domains -= 1;
    this.#domainsWith[0] = (this.#domainsWith[0] as number) - 1;
    this.#findLeast();
  }

  #change(domain: number, by: number): void {
    const before = this.#pods[domain] as number;
    const after = before + by;
    this.#pods[domain] = after;
    this.#total += by;
    this.#domainsWith[before] = (this.#domainsWith[before] as number) - 1;
    this.#domainsWith[after] = (this.#domainsWith[after] ?? 0) + 1;
    if (after < this.#least) this.#least = after;
    else this.#findLeast();
  }

  /** From where it was upwards. */
  #findLeast(): void {
    if (this.#domains === 0) return;
    while (!this.#domainsWith[this.#least]) this.#least += 1;
  }
}
