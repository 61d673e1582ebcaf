import type {
  CSINode,
  KubernetesObject,
  Namespace,
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  PodDisruptionBudget,
  ReplicaSet,
  Service,
  StorageClass,
} from "#api";
import { namespaceNames } from "./random-pod.ts";
import type { Step } from "./random-steps.ts";
import { storageClasses } from "./random-volumes.ts";
import { emptyWorld, nameOf, namespaceOf, type World } from "./reference/world.ts";

/** What a step did, as an informer would tell it. */
export type Change =
  | { readonly type: "node"; readonly node: Node; readonly old: Node | undefined }
  | { readonly type: "node-gone"; readonly node: Node }
  | { readonly type: "pod"; readonly pod: Pod; readonly old: Pod | undefined }
  | { readonly type: "pod-gone"; readonly pod: Pod }
  | { readonly type: "namespace"; readonly namespace: Namespace; readonly old: Namespace | undefined }
  | { readonly type: "service"; readonly service: Service; readonly old: Service | undefined }
  | {
      readonly type: "budget";
      readonly budget: PodDisruptionBudget;
      readonly old: PodDisruptionBudget | undefined;
    }
  | { readonly type: "set"; readonly set: ReplicaSet; readonly old: ReplicaSet | undefined }
  | StorageChange;

/** Of what pods keep their data in. */
export type StorageChange =
  | { readonly type: "class"; readonly storageClass: StorageClass }
  | { readonly type: "claim"; readonly claim: PersistentVolumeClaim }
  | { readonly type: "claim-gone"; readonly claim: PersistentVolumeClaim }
  | { readonly type: "volume"; readonly volume: PersistentVolume }
  | { readonly type: "volume-gone"; readonly volume: PersistentVolume }
  | { readonly type: "csi-node"; readonly csiNode: CSINode };

/** The objects of a random cluster while steps change them. */
export class ClusterModel {
  readonly #nodes = new Map<string, Node>();
  readonly #pods = new Map<string, Pod>();
  readonly #namespaces = new Map<string, Namespace>();
  readonly #services = new Map<string, Service>();
  readonly #sets = new Map<string, ReplicaSet>();
  readonly #claims = new Map<string, PersistentVolumeClaim>();
  readonly #volumes = new Map<string, PersistentVolume>();
  readonly #csiNodes = new Map<string, CSINode>();

  readonly #budgets = new Map<string, PodDisruptionBudget>();
  readonly #awaiting = new Map<string, Pod>();
  readonly #asked: Pod[] = [];
  #count = 0;
  #revision = 0;

  get world(): World {
    return {
      ...emptyWorld,
      nodes: [...this.#nodes.values()],
      pods: [...this.#pods.values()],
      namespaces: [...this.#namespaces.values()],
      services: [...this.#services.values()],
      replicaSets: [...this.#sets.values()],
      budgets: [...this.#budgets.values()],
      awaiting: [...this.#awaiting.values()],
      persistentVolumeClaims: [...this.#claims.values()],
      persistentVolumes: [...this.#volumes.values()],
      storageClasses,
      csiNodes: [...this.#csiNodes.values()],
    };
  }

  /** Namespaces and storage classes are there from the beginning. */
  begin(): readonly Change[] {
    const named = namespaceNames.map((name): Change => {
      const namespace = { metadata: { name } };
      return { type: "namespace", namespace, old: swap(this.#namespaces, name, namespace) };
    });
    return [...named, ...storageClasses.map((storageClass): Change => ({ type: "class", storageClass }))];
  }

  /** The pod that a step asks about, each time as a pod of its own; undefined when it asks nothing. */
  asked(step: Step): Pod | undefined {
    if (step.type === "place") this.#asked.push(step.pod);
    const pod = step.type === "place-again" ? this.#asked[step.at % this.#asked.length] : undefined;
    return step.type === "place" ? this.#made(step.pod) : pod && this.#made(pod);
  }

  /** What the step changes; undefined when there is nothing to change. */
  apply(step: Step): Change | undefined {
    switch (step.type) {
      case "place":
      case "place-again":
      case "victims-gone":
        return undefined;
      case "node":
        return { ...step, old: swap(this.#nodes, nameOf(step.node), step.node) };
      case "node-gone":
        return this.#removeNode(step.name);
      case "pod":
        return this.setPod(step.pod);
      case "pod-gone":
        return this.#removePod(this.#podAt(step.at));
      case "pod-leaves":
        return this.#changePod(step.at, { deletionTimestamp: "2026-01-01T00:00:00Z" });
      case "pod-labels":
        return this.#changePod(step.at, { labels: step.labels });
      case "namespace":
        return { ...step, old: swap(this.#namespaces, nameOf(step.namespace), step.namespace) };
      case "service":
        return { ...step, old: swap(this.#services, keyOf(step.service), step.service) };
      case "budget":
        return { ...step, old: swap(this.#budgets, keyOf(step.budget), step.budget) };
      case "set":
        return { ...step, old: swap(this.#sets, keyOf(step.set), step.set) };
      case "claim": {
        const claim = this.#revised(step.claim);
        swap(this.#claims, keyOf(claim), claim);
        return { type: "claim", claim };
      }
      case "claim-gone": {
        const claim = taken(this.#claims, `${step.namespace}/${step.name}`);
        return claim && { type: "claim-gone", claim };
      }
      case "volume": {
        const volume = this.#revised(step.volume);
        swap(this.#volumes, nameOf(volume), volume);
        return { type: "volume", volume };
      }
      case "volume-gone": {
        const volume = taken(this.#volumes, step.name);
        return volume && { type: "volume-gone", volume };
      }
      case "csi-node":
        swap(this.#csiNodes, nameOf(step.csiNode), step.csiNode);
        return step;
    }
  }

  setPod(pod: Pod): Change {
    return { type: "pod", pod, old: swap(this.#pods, pod.metadata?.uid ?? "", pod) };
  }

  place(pod: Pod, nodeName: string): Change {
    this.#awaiting.delete(pod.metadata?.uid ?? "");
    return this.setPod({ ...pod, spec: { containers: [], ...pod.spec, nodeName } });
  }

  /** From now on the pod waits for room on the node; undefined: no longer. */
  await(pod: Pod, nodeName: string | undefined): void {
    const uid = pod.metadata?.uid ?? "";
    if (nodeName === undefined) this.#awaiting.delete(uid);
    else this.#awaiting.set(uid, { ...pod, spec: { containers: [], ...pod.spec, nodeName } });
  }

  removePod(pod: Pod): Change | undefined {
    return this.#removePod(this.#pods.get(pod.metadata?.uid ?? ""));
  }

  #made(pod: Pod): Pod {
    this.#count += 1;
    return { ...pod, metadata: { ...pod.metadata, uid: `asked-${this.#count}` } };
  }

  /** As every write leaves an object. */
  #revised<T extends KubernetesObject>(object: T): T {
    this.#revision += 1;
    return { ...object, metadata: { ...object.metadata, resourceVersion: String(this.#revision) } };
  }

  #removeNode(name: string): Change | undefined {
    const node = this.#nodes.get(name);
    this.#nodes.delete(name);
    return node && { type: "node-gone", node };
  }

  #removePod(pod: Pod | undefined): Change | undefined {
    this.#pods.delete(pod?.metadata?.uid ?? "");
    return pod && { type: "pod-gone", pod };
  }

  #changePod(at: number, change: Pod["metadata"] & object): Change | undefined {
    const pod = this.#podAt(at);
    return pod && this.setPod({ ...pod, metadata: { ...pod.metadata, ...change } });
  }

  #podAt(at: number): Pod | undefined {
    return [...this.#pods.values()][at % this.#pods.size];
  }
}

function swap<T>(all: Map<string, T>, key: string, value: T): T | undefined {
  const old = all.get(key);
  all.set(key, value);
  return old;
}

function taken<T>(all: Map<string, T>, key: string): T | undefined {
  const old = all.get(key);
  all.delete(key);
  return old;
}

function keyOf(object: KubernetesObject): string {
  return `${namespaceOf(object)}/${nameOf(object)}`;
}
