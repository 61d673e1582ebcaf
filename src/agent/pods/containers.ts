import type { Container, EphemeralContainer, Pod } from "#api";

/** The containers of a pod by their part in its life, each in the order of the spec. */
export interface PodContainers {
  /** Run to their end one after another, except sidecars, which are waited for only until they have started. */
  readonly init: readonly Container[];
  /** Those of `init` with restart policy Always: they run as long as the pod does. */
  readonly sidecars: readonly Container[];
  readonly main: readonly Container[];
  /** Added by people to a pod that runs: each runs once, and counts for nothing in the pod's life. */
  readonly ephemeral: readonly EphemeralContainer[];
  readonly all: readonly Container[];
}

export function containersOf(pod: Pod): PodContainers {
  const known = cache.get(pod);
  if (known) return known;
  const init = pod.spec?.initContainers ?? [];
  const main = pod.spec?.containers ?? [];
  const ephemeral = pod.spec?.ephemeralContainers ?? [];
  const sidecars = init.filter(isSidecar);
  const parts = { init, sidecars, main, ephemeral, all: [...init, ...main, ...ephemeral] };
  cache.set(pod, parts);
  return parts;
}

export function isSidecar(container: Container): boolean {
  return container.restartPolicy === "Always";
}

export function isEphemeral(pod: Pod, name: string | undefined): boolean {
  return containersOf(pod).ephemeral.some((container) => container.name === name);
}

/** Whether a container that ended with `exitCode` is started again. */
export function restarts(pod: Pod, container: Container, exitCode: number): boolean {
  if (isEphemeral(pod, container.name)) return false;
  if (isSidecar(container) && pod.spec?.initContainers?.includes(container)) return true;
  const policy = pod.spec?.restartPolicy ?? "Always";
  return policy === "Always" || (policy === "OnFailure" && exitCode !== 0);
}

/** Pods are immutable and asked about often. */
const cache = new WeakMap<Pod, PodContainers>();
