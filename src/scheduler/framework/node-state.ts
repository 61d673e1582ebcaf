import { amountsOf, type Node, type ResourceAmounts, type Taint } from "#api";
import type { HostPort, PodFacts } from "./pod-facts.ts";

/**
 * One node with all pods on it, kept up to date by single steps: adding or removing a pod costs the same however full the node is,
 * and a decision only reads.
 */
export class NodeState {
  readonly name: string;
  /** Undefined while pods are known whose node is not. */
  node: Node | undefined;
  allocatable: ResourceAmounts = {};
  allowedPods = 0;
  taints: readonly Taint[] = [];
  labels: Readonly<Record<string, string>> = {};
  isUnschedulable = false;
  /** Image name → size in bytes. */
  images: ReadonlyMap<string, number> = new Map();
  readonly requested: ResourceAmounts = {};
  scoredCpu = 0;
  scoredMemory = 0;
  readonly pods = new Map<string, PodFacts>();
  readonly #ports = new Map<string, number>();

  constructor(name: string) {
    this.name = name;
  }

  setNode(node: Node | undefined): void {
    this.node = node;
    this.allocatable = amountsOf(node?.status?.allocatable);
    this.allowedPods = this.allocatable.pods ?? 0;
    this.taints = node?.spec?.taints ?? [];
    this.labels = node?.metadata?.labels ?? {};
    this.isUnschedulable = node?.spec?.unschedulable ?? false;
    this.images = imagesOf(node);
  }

  addPod(facts: PodFacts): void {
    if (this.pods.has(facts.uid)) this.removePod(facts.uid);
    this.pods.set(facts.uid, facts);
    this.#count(facts, 1);
  }

  removePod(uid: string): void {
    const facts = this.pods.get(uid);
    if (!facts) return;
    this.pods.delete(uid);
    this.#count(facts, -1);
  }

  /** Whether another pod holds the port. `0.0.0.0` collides with every address. */
  holdsPort({ protocol, address, port }: HostPort): boolean {
    if (this.#ports.size === 0) return false;
    if (address === anyAddress) return (this.#ports.get(`${protocol}/*/${port}`) ?? 0) > 0;
    return (
      (this.#ports.get(`${protocol}/${address}/${port}`) ?? 0) > 0 ||
      (this.#ports.get(`${protocol}/${anyAddress}/${port}`) ?? 0) > 0
    );
  }

  #count(facts: PodFacts, sign: 1 | -1): void {
    for (const name in facts.requests) {
      this.requested[name] = (this.requested[name] ?? 0) + sign * (facts.requests[name] ?? 0);
    }
    this.scoredCpu += sign * facts.scoredCpu;
    this.scoredMemory += sign * facts.scoredMemory;
    for (const { protocol, address, port } of facts.hostPorts) {
      this.#countPort(`${protocol}/${address}/${port}`, sign);
      this.#countPort(`${protocol}/*/${port}`, sign);
    }
  }

  #countPort(id: string, sign: 1 | -1): void {
    const count = (this.#ports.get(id) ?? 0) + sign;
    if (count === 0) this.#ports.delete(id);
    else this.#ports.set(id, count);
  }
}

const anyAddress = "0.0.0.0";

function imagesOf(node: Node | undefined): ReadonlyMap<string, number> {
  const images = new Map<string, number>();
  for (const { names, sizeBytes } of node?.status?.images ?? []) {
    for (const name of names ?? []) images.set(name, sizeBytes ?? 0);
  }
  return images;
}
