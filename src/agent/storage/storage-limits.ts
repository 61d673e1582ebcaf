import {
  canonicalQuantity,
  formatQuantity,
  type Pod,
  parseQuantity,
  podLimits,
  quantityFromValue,
  quantityValue,
} from "#api";
import { containersOf } from "../pods/containers.ts";

/** How much of the machine's disk a pod may take. */
export interface StorageLimits {
  readonly volumes: readonly NamedLimit[];
  readonly containers: readonly NamedLimit[];
  /** For all of its volumes and containers together: the sum of what its containers may take. */
  readonly pod: Limit | undefined;
}

export interface Limit {
  readonly bytes: number;
  /** As people are told of it: `1Mi`. */
  readonly text: string;
}

export interface NamedLimit extends Limit {
  readonly name: string;
}

/** What it does take, in bytes. */
export interface StorageUsage {
  /** Of emptyDirs on disk. */
  readonly volumes: ReadonlyMap<string, number>;
  /** What a container has written to its root file system and to its log. */
  readonly containers: ReadonlyMap<string, number>;
}

/** Undefined for a pod without such a limit: most. Volumes in memory are file systems of that size, and need no watching. Pure. */
export function storageLimitsOf(pod: Pod): StorageLimits | undefined {
  const volumes = diskVolumes(pod).flatMap(({ name, emptyDir }) => {
    const limit = limitOf(emptyDir?.sizeLimit);
    return limit ? [{ name, ...limit }] : [];
  });
  const { init, main } = containersOf(pod);
  const containers = [...init, ...main].flatMap(({ name, resources }) => {
    const limit = limitOf(resources?.limits?.["ephemeral-storage"]);
    return limit ? [{ name, ...limit }] : [];
  });
  if (volumes.length === 0 && containers.length === 0) return undefined;
  return { volumes, containers, pod: sum(podLimits(pod)["ephemeral-storage"], containers[0]?.text) };
}

/** The emptyDirs that are directories on the machine's disk. */
export function diskVolumes(pod: Pod): NonNullable<NonNullable<Pod["spec"]>["volumes"]> {
  return (pod.spec?.volumes ?? []).filter(({ emptyDir }) => emptyDir && emptyDir.medium !== "Memory");
}

/** The first limit that is exceeded, in the kubelet's order and words. Pure. */
export function exceededLimit(limits: StorageLimits, usage: StorageUsage): string | undefined {
  for (const { name, bytes, text } of limits.volumes) {
    if ((usage.volumes.get(name) ?? 0) > bytes) {
      return `Usage of EmptyDir volume "${name}" exceeds the limit "${text}".`;
    }
  }
  const used = [...usage.volumes.values(), ...usage.containers.values()].reduce((all, one) => all + one, 0);
  if (limits.pod && used > limits.pod.bytes) {
    return `Pod ephemeral local storage usage exceeds the total limit of containers ${limits.pod.text}.`;
  }
  for (const { name, bytes, text } of limits.containers) {
    if ((usage.containers.get(name) ?? 0) > bytes) {
      return `Container ${name} exceeded its local ephemeral storage limit "${text}".`;
    }
  }
  return undefined;
}

/** Zero stands for none, as in Kubernetes. */
function limitOf(quantity: string | number | undefined): Limit | undefined {
  const bytes = quantity === undefined ? 0 : quantityValue(quantity);
  return bytes > 0 ? { bytes, text: canonicalQuantity(quantity ?? "") } : undefined;
}

/** Written as the first of those that were added up. */
function sum(bytes: number | undefined, first: string | undefined): Limit | undefined {
  if (!bytes || first === undefined) return undefined;
  return { bytes, text: formatQuantity(quantityFromValue(bytes, parseQuantity(first).format)) };
}
