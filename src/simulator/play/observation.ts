import {
  type Deployment,
  deployments,
  type EndpointSlice,
  endpointSlices,
  type Job,
  jobs,
  type KubernetesObject,
  type Node,
  nodes,
  type Pod,
  pods,
  type Resource,
  type StatefulSet,
  statefulSets,
} from "#api";
import { keyOf } from "#apiserver";
import type { Change, Commit, Store } from "#store";
import type { NodeObserver, SimulatedPod } from "../nodes/mod.ts";

export interface ObservationOptions {
  /** Called before anything that is observed changes. */
  readonly beforeChange: () => void;
  readonly onPod: (pod: Pod | undefined, before: Pod | undefined) => void;
  /** The kernel ended a container that used more memory than it may. */
  readonly onOutOfMemory: (pod: Pod) => void;
}

/** The cluster as somebody sees it who sees everything at once: what the store has, and what really runs. */
export class Observation implements NodeObserver {
  readonly pods = new Map<string, Pod>();
  readonly nodes = new Map<string, Node>();
  readonly endpointSlices = new Map<string, EndpointSlice>();
  readonly deployments = new Map<string, Deployment>();
  readonly statefulSets = new Map<string, StatefulSet>();
  readonly jobs = new Map<string, Job>();
  /** Uids of pods that have processes. */
  readonly running = new Set<string>();
  readonly #options: ObservationOptions;
  readonly #kinds: readonly Kind[];

  constructor(options: ObservationOptions) {
    this.#options = options;
    this.#kinds = [
      kind(pods, this.pods),
      kind(nodes, this.nodes),
      kind(endpointSlices, this.endpointSlices),
      kind(deployments, this.deployments),
      kind(statefulSets, this.statefulSets),
      kind(jobs, this.jobs),
    ];
  }

  /** Follows a store from its beginning. */
  attach(store: Store): void {
    store.watch({ prefix: "", after: 0, onCommit: (commit) => this.#onCommit(commit) });
  }

  onProcesses(_node: unknown, { pod, uid, lastEnding }: SimulatedPod, is: "started" | "gone"): void {
    this.#options.beforeChange();
    if (is === "started") this.running.add(uid);
    else this.running.delete(uid);
    if (is === "gone" && lastEnding?.reason === "OOMKilled") this.#options.onOutOfMemory(pod);
  }

  /** Where requests to a service are sent at the moment: the pods of its endpoints that are said to be ready. */
  endpointsOf(namespace: string, service: string): Pod[] {
    const found: Pod[] = [];
    for (const { metadata, endpoints } of this.endpointSlices.values()) {
      if (metadata?.namespace !== namespace || metadata.labels?.[serviceNameLabel] !== service) continue;
      for (const { conditions, targetRef } of endpoints ?? []) {
        if (conditions?.ready === false || targetRef?.kind !== "Pod") continue;
        const pod = this.pods.get(keyOf(pods, targetRef.name ?? "", namespace));
        found.push(
          pod?.metadata?.uid === targetRef.uid && pod ? pod : { metadata: { uid: targetRef.uid ?? "" } },
        );
      }
    }
    return found;
  }

  #onCommit({ changes }: Commit): void {
    for (const change of changes) {
      for (const { prefix, objects } of this.#kinds) {
        if (!change.key.startsWith(prefix)) continue;
        this.#take(change, objects);
        break;
      }
    }
  }

  #take({ key, entry }: Change, objects: Map<string, KubernetesObject>): void {
    this.#options.beforeChange();
    const before = objects.get(key);
    const object = entry && (JSON.parse(Buffer.from(entry.value).toString()) as KubernetesObject);
    if (object) objects.set(key, object);
    else objects.delete(key);
    if (objects === this.pods) this.#options.onPod(object as Pod | undefined, before as Pod | undefined);
  }
}

interface Kind {
  readonly prefix: string;
  readonly objects: Map<string, KubernetesObject>;
}

function kind<T extends KubernetesObject>(resource: Resource<T>, objects: Map<string, T>): Kind {
  return { prefix: keyOf(resource, ""), objects: objects as unknown as Map<string, KubernetesObject> };
}

/** `shop/web`: what a pod belongs to, as people call it. */
export function workloadOf({ metadata }: Pod): string {
  const owner = metadata?.ownerReferences?.find(({ controller }) => controller);
  const hash = metadata?.labels?.["pod-template-hash"];
  const name = owner?.name ?? metadata?.name ?? "";
  const own = hash && name.endsWith(`-${hash}`) ? name.slice(0, -hash.length - 1) : name;
  return `${metadata?.namespace}/${own}`;
}

const serviceNameLabel = "kubernetes.io/service-name";
