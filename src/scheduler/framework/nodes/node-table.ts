import { amountsOf, jsonEqual, type Node } from "#api";
import { FloatColumn, IntColumn } from "./column.ts";
import { HostPorts } from "./host-ports.ts";
import { ImageIndex } from "./image-index.ts";
import { LabelColumns } from "./label-columns.ts";
import { ResourceColumns } from "./resource-columns.ts";
import { TaintSets } from "./taint-sets.ts";

/**
 * Nodes as a struct of arrays: a node is a small number, and each of its properties a column indexed by it. Numbers of nodes that are
 * gone are given to new ones.
 */
export class NodeTable {
  readonly resources: ResourceColumns = new ResourceColumns(firstCapacity);
  readonly labels: LabelColumns = new LabelColumns(firstCapacity);
  readonly taintSets: TaintSets = new TaintSets();
  readonly images: ImageIndex = new ImageIndex();
  readonly hostPorts: HostPorts = new HostPorts();
  /** CPU and memory as scored: see `PodShape`. */
  readonly scoredCpu: FloatColumn = new FloatColumn(firstCapacity);
  readonly scoredMemory: FloatColumn = new FloatColumn(firstCapacity);
  /** How many pods are on it. */
  readonly podCount: IntColumn = new IntColumn(firstCapacity);
  /** The number of its taints in `taintSets`. */
  readonly taintSet: IntColumn = new IntColumn(firstCapacity);
  /** How many nodes would rather not have pods: taints of effect PreferNoSchedule. */
  softTainted = 0;
  /** 1 where the node is cordoned. */
  readonly unschedulable: IntColumn = new IntColumn(firstCapacity);
  readonly #indexes = new Map<string, number>();
  readonly #names: string[] = [];
  readonly #objects: (Node | undefined)[] = [];
  readonly #free: number[] = [];
  #capacity = firstCapacity;
  #count = 0;

  /** Nodes that exist. */
  get count(): number {
    return this.#count;
  }

  /** Numbers of nodes are smaller than this; not each of them is in use. */
  get limit(): number {
    return this.#names.length;
  }

  /** The number of a name, undefined when neither the node nor a pod on it is known. */
  find(name: string): number | undefined {
    return this.#indexes.get(name);
  }

  /** False while pods are known whose node is not. */
  exists(node: number): boolean {
    return this.#objects[node] !== undefined;
  }

  name(node: number): string {
    return this.#names[node] ?? "";
  }

  /** The node as the API has it. */
  object(node: number): Node | undefined {
    return this.#objects[node];
  }

  /** Every node that exists. */
  *[Symbol.iterator](): Iterator<number> {
    for (let node = 0; node < this.#objects.length; node += 1) if (this.exists(node)) yield node;
  }

  /** The number of a name, a new one if it has none. */
  index(name: string): number {
    const known = this.#indexes.get(name);
    if (known !== undefined) return known;
    const node = this.#free.pop() ?? this.#names.length;
    this.#names[node] = name;
    this.#objects[node] = undefined;
    this.#indexes.set(name, node);
    if (node >= this.#capacity) this.#grow();
    return node;
  }

  /** Whether the node comes, goes, or changes its labels or taints: then pods on it count elsewhere. */
  isMoving(node: number, object: Node | undefined): boolean {
    const before = this.#objects[node];
    if (!before || !object) return before !== object;
    const hasSameTaints = this.taintSets.id(object.spec?.taints) === this.taintSet.values[node];
    return !hasSameTaints || !jsonEqual(object.metadata?.labels ?? {}, before.metadata?.labels ?? {});
  }

  /** Sets what the API says of a node; undefined: that it is gone. */
  set(node: number, object: Node | undefined): void {
    const before = this.#objects[node];
    this.#objects[node] = object;
    this.#count += Number(object !== undefined) - Number(before !== undefined);
    this.resources.setAllocatable(node, amountsOf(object?.status?.allocatable));
    this.softTainted += Number(isSoft(object)) - Number(isSoft(before));
    this.taintSet.values[node] = this.taintSets.id(object?.spec?.taints);
    this.unschedulable.values[node] = object?.spec?.unschedulable ? 1 : 0;
    this.labels.set(node, object?.metadata?.labels);
    this.images.set(node, object?.status?.images);
  }

  /** Forgets the name: neither the node nor a pod on it is there any more. */
  release(node: number): void {
    this.#indexes.delete(this.name(node));
    this.#names[node] = "";
    this.#free.push(node);
  }

  #grow(): void {
    this.#capacity *= 2;
    const ofNodes = [this.podCount, this.taintSet, this.unschedulable, this.scoredCpu, this.scoredMemory];
    for (const columns of [this.resources, this.labels, ...ofNodes]) columns.grow(this.#capacity);
  }
}

const firstCapacity = 64;

function isSoft(node: Node | undefined): boolean {
  return node?.spec?.taints?.some((taint) => taint.effect === "PreferNoSchedule") ?? false;
}
