import {
  type Container,
  claimsOfPod,
  type OwnerReference,
  type Pod,
  type PodClaim,
  type PodSpec,
  podRequests,
  type Volume,
} from "#api";
import type { HostPort } from "./nodes/host-ports.ts";
import type { Amount, ResourceColumns } from "./nodes/resource-columns.ts";
import { placingVolumes } from "./pod-volumes.ts";

/**
 * All that decisions read of a pod except who it is. Equal pods share one shape, and so whatever was worked out for it: a plugin is asked
 * about shapes, never about pods.
 */
export interface PodShape {
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  /** What was asked for; not which node and which scheduler. */
  readonly spec: PodSpec;
  readonly priority: number;
  /** Who manages it; undefined for pods that somebody made by hand. */
  readonly controller: Pick<OwnerReference, "apiVersion" | "kind" | "name"> | undefined;
  /** What it asks a node to set aside; `cpu` in thousandths of a core. Nothing that is 0. */
  readonly requests: readonly Amount[];
  /** `cpu` and `memory` as scored: a container that asks for nothing counts as a small one, so that such pods spread too. */
  readonly scoredCpu: number;
  readonly scoredMemory: number;
  readonly hostPorts: readonly HostPort[];
  /** The claims that it names. */
  readonly claims: readonly PodClaim[];
  /** Those of its volumes that say where it may go, claims among them. */
  readonly volumes: readonly Volume[];
  /** The shape of a pod that is equal but for its claims: itself when it has none. */
  readonly claimless: PodShape;
}

/** Kubernetes' assumption for a container without requests: 100m and 200 MiB. */
const assumed = { cpu: 100, memory: 200 * 1024 * 1024 };

/** The shapes of a cluster's pods. */
export class PodShapes {
  readonly #resources: ResourceColumns;
  readonly #shapes = new Map<string, PodShape>();

  constructor(resources: ResourceColumns) {
    this.#resources = resources;
  }

  of(pod: Pod): PodShape {
    const key = keyOf(pod);
    const known = this.#shapes.get(key);
    if (known) return known;
    // A shape that is made twice only shares less.
    if (this.#shapes.size >= maxShapes) this.#shapes.clear();
    const made = this.#make(pod);
    this.#shapes.set(key, made);
    return made;
  }

  #make(pod: Pod): PodShape {
    const { metadata = {}, spec = { containers: [] } } = pod;
    const scored = podRequests(pod, { assumed });
    const claims = claimsOfPod(pod);
    const shape: Omit<PodShape, "claimless"> = {
      namespace: metadata.namespace ?? "",
      labels: metadata.labels ?? {},
      spec,
      priority: spec.priority ?? 0,
      controller: controllerOf(pod),
      requests: this.#resources.amounts(podRequests(pod)),
      scoredCpu: scored.cpu ?? 0,
      scoredMemory: scored.memory ?? 0,
      hostPorts: hostPortsOf(spec),
      claims,
      volumes: placingVolumes(spec) ?? [],
    };
    const claimless = claims.length === 0 ? shape : this.of(withoutClaims(pod, spec));
    return Object.assign(shape, { claimless }) as PodShape;
  }
}

const maxShapes = 10_000;

function withoutClaims(pod: Pod, { volumes = [], ...spec }: PodSpec): Pod {
  const others = volumes.filter(
    ({ persistentVolumeClaim, ephemeral }) => !persistentVolumeClaim && !ephemeral,
  );
  return { ...pod, spec: { ...spec, volumes: others } };
}

/** Two pods with the same key are equal to every plugin. What a plugin is to read of a pod must be in here. */
function keyOf(pod: Pod): string {
  const { metadata = {}, spec } = pod;
  const owner = controllerOf(pod);
  return JSON.stringify([
    metadata.namespace,
    metadata.labels,
    owner && [owner.apiVersion, owner.kind, owner.name],
    spec?.priority,
    spec?.preemptionPolicy,
    spec?.nodeSelector,
    spec?.affinity,
    spec?.tolerations,
    spec?.topologySpreadConstraints,
    spec?.overhead,
    spec?.resources,
    spec?.containers.map(keyOfContainer),
    spec?.initContainers?.map(keyOfContainer),
    spec && placingVolumes(spec),
    claimsOfPod(pod).flatMap(({ claim, isEphemeral }) => (isEphemeral ? [claim] : [])),
  ]);
}

function keyOfContainer({ image, resources, ports, restartPolicy }: Container): unknown {
  const hostPorts = ports?.filter((port) => port.hostPort);
  return [image, resources, hostPorts?.length ? hostPorts : 0, restartPolicy];
}

function controllerOf({ metadata }: Pod): OwnerReference | undefined {
  return metadata?.ownerReferences?.find((owner) => owner.controller);
}

function hostPortsOf(spec: PodSpec): readonly HostPort[] {
  const found: HostPort[] = [];
  const sidecars = spec.initContainers?.filter(({ restartPolicy }) => restartPolicy === "Always") ?? [];
  for (const container of [...spec.containers, ...sidecars]) {
    for (const { hostPort, protocol = "TCP", hostIP } of container.ports ?? []) {
      if (hostPort) found.push({ protocol, address: hostIP || "0.0.0.0", port: hostPort });
    }
  }
  return found;
}
