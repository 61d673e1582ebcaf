import type { Pod } from "../generated/types.ts";
import { isPodReady, podCondition } from "./conditions.ts";

/** The annotation by which a pod says what its loss costs; a lower number goes first. */
export const podDeletionCostAnnotation = "controller.kubernetes.io/pod-deletion-cost";

/**
 * Orders the pods of a replica set by who goes first when it shrinks: not yet scheduled, pending, not ready, cheaper
 * by annotation, on a node with more siblings, ready for a shorter time, restarted more often, younger. For
 * `Array.sort`. `siblings` counts the set's pods on the same node.
 */
export function compareForDeletion(a: Pod, b: Pod, siblings: (pod: Pod) => number, nowMs: number): number {
  return (
    compare(isScheduled(a), isScheduled(b)) ||
    compare(phaseRank(a), phaseRank(b)) ||
    compare(Number(isPodReady(a)), Number(isPodReady(b))) ||
    compare(deletionCost(a), deletionCost(b)) ||
    compare(siblings(b), siblings(a)) ||
    compare(ageBucket(readySince(a), nowMs), ageBucket(readySince(b), nowMs)) ||
    compare(restarts(b), restarts(a)) ||
    compare(
      ageBucket(a.metadata?.creationTimestamp, nowMs),
      ageBucket(b.metadata?.creationTimestamp, nowMs),
    ) ||
    (a.metadata?.uid ?? "").localeCompare(b.metadata?.uid ?? "")
  );
}

/** The annotation's number; 0 when there is none or it is none. */
export function deletionCost(pod: Pod): number {
  const text = pod.metadata?.annotations?.[podDeletionCostAnnotation];
  return text !== undefined && /^(0|-?[1-9]\d*)$/.test(text) ? Number(text) : 0;
}

function compare(a: number, b: number): number {
  return a - b;
}

function isScheduled(pod: Pod): number {
  return pod.spec?.nodeName ? 1 : 0;
}

function phaseRank(pod: Pod): number {
  switch (pod.status?.phase) {
    case "Running":
      return 2;
    case "Unknown":
      return 1;
    default:
      return 0;
  }
}

function readySince(pod: Pod): string | undefined {
  return isPodReady(pod) ? (podCondition(pod, "Ready")?.lastTransitionTime ?? undefined) : undefined;
}

function restarts(pod: Pod): number {
  let most = 0;
  for (const status of pod.status?.containerStatuses ?? []) most = Math.max(most, status.restartCount ?? 0);
  return most;
}

/** Ages in powers of two, so that a few seconds' difference does not always take the youngest. An absent time is youngest. */
function ageBucket(since: string | undefined | null, nowMs: number): number {
  if (!since) return -1;
  const seconds = Math.max(0, (nowMs - Date.parse(since)) / 1000);
  return Math.floor(Math.log2(seconds + 1));
}
