import type { Pod } from "./generated/types.ts";

/** What is known of a pod when its node runs out of a resource, memory or disk. */
export interface EvictionCandidate {
  readonly pod: Pod;
  /** In the resource's own unit: bytes. Undefined when nobody can tell. */
  readonly usage: number | undefined;
  readonly request: number;
}

/**
 * Orders pods by who goes first when a node runs out of a resource, as the kubelet does: pods of which nobody can tell what they use, those
 * that use more than they asked for, then the lower priority, then the one furthest above its request. QoS classes play no part of their own: who
 * asks for nothing exceeds it at once. For `Array.sort`.
 */
export function compareForEviction(a: EvictionCandidate, b: EvictionCandidate): number {
  return (
    first(isUnknown(a), isUnknown(b)) ||
    first(exceedsRequest(a), exceedsRequest(b)) ||
    (a.pod.spec?.priority ?? 0) - (b.pod.spec?.priority ?? 0) ||
    aboveRequest(b) - aboveRequest(a)
  );
}

/** Whether it uses more than it asked for: such pods go before all others. */
export function exceedsRequest({ usage, request }: EvictionCandidate): boolean {
  return usage !== undefined && usage > request;
}

/** The system's own pods are never evicted, whatever they use. */
export function isCritical(pod: Pod): boolean {
  return (pod.spec?.priority ?? 0) >= systemCriticalPriority;
}

const systemCriticalPriority = 2_000_000_000;

function isUnknown({ usage }: EvictionCandidate): boolean {
  return usage === undefined;
}

function aboveRequest({ usage, request }: EvictionCandidate): number {
  return usage === undefined ? 0 : usage - request;
}

function first(a: boolean, b: boolean): number {
  return Number(b) - Number(a);
}
