import type { Pod, PodCondition } from "../generated/types.ts";

/** The pod's condition of a type: `Ready`, `PodScheduled`, … */
export function podCondition(pod: Pod, type: string): PodCondition | undefined {
  return pod.status?.conditions?.find((condition) => condition.type === type);
}

/** Whether it may serve: its `Ready` condition is true. */
export function isPodReady(pod: Pod): boolean {
  return podCondition(pod, "Ready")?.status === "True";
}

/** Ready for at least `minReadySeconds`. `nowMs` in milliseconds since the epoch. */
export function isPodAvailable(pod: Pod, minReadySeconds: number, nowMs: number): boolean {
  const ready = podCondition(pod, "Ready");
  if (ready?.status !== "True") return false;
  if (minReadySeconds === 0) return true;
  const since = ready.lastTransitionTime;
  return since !== undefined && since !== null && Date.parse(since) + minReadySeconds * 1000 <= nowMs;
}

/** It has ended for good: none of its containers will run again. */
export function isPodTerminal(pod: Pod): boolean {
  const phase = pod.status?.phase;
  return phase === "Succeeded" || phase === "Failed";
}

/** Its deletion was asked for: it has its grace period, or something holds it. */
export function isPodLeaving(pod: Pod): boolean {
  return pod.metadata?.deletionTimestamp !== undefined;
}

/** Neither ended nor being deleted: counts towards a replica set's size. */
export function isPodActive(pod: Pod): boolean {
  return !isPodTerminal(pod) && !isPodLeaving(pod);
}

/** An init container that keeps running beside the others. */
export function isSidecar(container: { readonly restartPolicy?: string }): boolean {
  return container.restartPolicy === "Always";
}
