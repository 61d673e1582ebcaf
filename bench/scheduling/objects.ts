import {
  type CSINode,
  type KubernetesObject,
  type Namespace,
  type Node,
  type PersistentVolume,
  type PersistentVolumeClaim,
  type Pod,
  priorityClasses,
  type ServiceAccount,
} from "#api";
import { isAlreadyExists } from "#base";
import type { Client } from "#client";
import type { CreatePods, Operation } from "./operations.ts";

let nodes = 0;

/**
 * A node of a workload, and what says how many volumes it takes, when the workload limits them. It is named here: in the original, too, its
 * host name is a label, as on every node.
 */
export function nodeOf(
  { template, labels, allocatable, volumeLimits }: Operation & { opcode: "createNodes" },
  at: number,
): { node: Node; volumeLimits: ((name: string) => CSINode) | undefined } {
  const { metadata, status, ...rest } = template as Node;
  const given = labels ? { [labels.key]: labels.values[at % labels.values.length] ?? "" } : {};
  const amounts = { ...status?.capacity, ...allocatable };
  const { name = `${metadata?.generateName ?? "node-"}${++nodes}` } = metadata ?? {};
  const own = { ...metadata?.labels, ...given, "kubernetes.io/hostname": name };
  return {
    node: {
      ...rest,
      metadata: { ...metadata, name, labels: own },
      status: { ...status, capacity: amounts, allocatable: amounts },
    },
    volumeLimits: volumeLimits && ((name) => csiNode(name, volumeLimits)),
  };
}

function csiNode(name: string, limits: Readonly<Record<string, number>>): CSINode {
  const drivers = Object.entries(limits).map(([driver, count]) => ({
    name: driver,
    nodeID: name,
    allocatable: { count },
  }));
  return { apiVersion: "storage.k8s.io/v1", kind: "CSINode", metadata: { name }, spec: { drivers } };
}

/** A namespace as it is once its controllers have seen it: pods need its service account. */
export function namespaceObjects(name: string, template: object): readonly KubernetesObject[] {
  const { metadata } = template as Namespace;
  const namespace: Namespace = { apiVersion: "v1", kind: "Namespace", metadata: { ...metadata, name } };
  const account: ServiceAccount = { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "default" } };
  return [namespace, account];
}

/** A pod from its template, with a claim when it has one. Tokens are left out: there is no node that would ask for them. */
export function podOf(template: Pod, claim?: PersistentVolumeClaim): Pod {
  const { spec = { containers: [] } } = template;
  const claimName = claim?.metadata?.name;
  const volumes = claimName ? [{ name: "vol", persistentVolumeClaim: { claimName } }] : [];
  return { ...template, spec: { ...spec, volumes: [...(spec.volumes ?? []), ...volumes] } };
}

let volumes = 0;

/** A volume and a claim that are bound to each other already, as a controller would leave them. */
export function volumeOf(
  { volume, claim }: NonNullable<CreatePods["volume"]>,
  namespace: string,
): { volume: PersistentVolume; claim: PersistentVolumeClaim } {
  const name = `vol-${++volumes}`;
  const persistent = volume as PersistentVolume;
  const claimed = claim as PersistentVolumeClaim;
  return {
    volume: {
      ...persistent,
      metadata: { ...persistent.metadata, name },
      spec: {
        ...withHandle(persistent.spec, name),
        claimRef: { apiVersion: "v1", kind: "PersistentVolumeClaim", namespace, name },
      },
    },
    claim: {
      ...claimed,
      metadata: {
        ...claimed.metadata,
        name,
        annotations: { ...claimed.metadata?.annotations, "pv.kubernetes.io/bind-completed": "yes" },
      },
      spec: { ...claimed.spec, volumeName: name },
    },
  };
}

/** Every volume is one of its own. */
function withHandle(spec: PersistentVolume["spec"], handle: string): PersistentVolume["spec"] {
  if (spec?.csi) return { ...spec, csi: { ...spec.csi, volumeHandle: handle } };
  if (spec?.awsElasticBlockStore) {
    return { ...spec, awsElasticBlockStore: { ...spec.awsElasticBlockStore, volumeID: handle } };
  }
  return spec;
}

/**
 * Templates give pods a priority as a number. An API server with the admission that users have takes numbers from classes only, so
 * every number gets a class.
 */
export class PriorityClasses {
  readonly #client: Client;
  readonly #made = new Set<number>();

  constructor(client: Client) {
    this.#client = client;
  }

  async applied<T extends KubernetesObject>(template: T): Promise<T> {
    const { priority, ...spec } = (template as Pod).spec ?? {};
    if (template.kind !== "Pod" || priority === undefined) return template;
    const priorityClassName = `scheduler-perf-${priority}`;
    if (!this.#made.has(priority)) {
      this.#made.add(priority);
      const metadata = { name: priorityClassName };
      await this.#client
        .resource(priorityClasses)
        .create({ apiVersion: "scheduling.k8s.io/v1", kind: "PriorityClass", metadata, value: priority })
        .catch((error: unknown) => {
          if (!isAlreadyExists(error)) throw error;
        });
    }
    return { ...template, spec: { ...spec, priorityClassName } };
  }
}
