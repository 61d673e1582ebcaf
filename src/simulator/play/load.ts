import { type Pod, podRequests } from "#api";
import type { LoadCurve, PodCapacity, Surge } from "../scenario/scenario.ts";

/** Requests per second at a time of day. Pure. */
export function loadAt(curve: LoadCurve, timeOfDayMs: number): number {
  const first = curve[0] as LoadCurve[number];
  const last = curve.at(-1) as LoadCurve[number];
  const next = curve.findIndex(({ atMs }) => atMs > timeOfDayMs);
  const to = next === -1 ? { ...first, atMs: first.atMs + dayMs } : (curve[next] as LoadCurve[number]);
  const from =
    next === 0
      ? { ...last, atMs: last.atMs - dayMs }
      : (curve[next === -1 ? curve.length - 1 : next - 1] as LoadCurve[number]);
  if (to.atMs === from.atMs) return from.perSecond;
  const part = (timeOfDayMs - from.atMs) / (to.atMs - from.atMs);
  return from.perSecond + part * (to.perSecond - from.perSecond);
}

/** By how much a surge multiplies the load at a time since the scenario's beginning. Pure. */
export function surgeAt({ times, fromMs, forMs, rampMs }: Surge, atMs: number): number {
  const sinceMs = atMs - fromMs;
  if (sinceMs < 0 || sinceMs >= forMs) return 1;
  const edgeMs = Math.min(sinceMs, forMs - sinceMs);
  const part = rampMs > 0 ? Math.min(1, edgeMs / rampMs) : 1;
  return 1 + (times - 1) * part;
}

/** Requests per second that one pod can serve. A pod that requests no CPU and is measured by its cores has no limit. Pure. */
export function capacityOf(pod: Pod, capacity: PodCapacity): number {
  if (capacity.per === "nothing") return Number.POSITIVE_INFINITY;
  if (capacity.per === "pod") return capacity.perSecond;
  const cores = (podRequests(pod).cpu ?? 0) / 1000;
  return cores > 0 ? cores * capacity.perSecond : Number.POSITIVE_INFINITY;
}

/**
 * What is left of a pod's capacity for one of the services that it serves. `own` and `all` are what is asked of the pod, by this service and by all of
 * them, as parts of what it can: when it is asked for more than it can, each gets less by the same factor. Pure.
 */
export function sharedCapacity(
  capacityPerSecond: number,
  { own, all }: { readonly own: number; readonly all: number },
): number {
  if (all <= own || capacityPerSecond === Number.POSITIVE_INFINITY) return capacityPerSecond;
  return own > 0 ? (capacityPerSecond * own) / all : capacityPerSecond * Math.max(0, 1 - all);
}

/** Somewhere requests are sent. */
export interface Endpoint {
  /** Nobody is there any more, but the cluster has not noticed yet. */
  readonly isDead: boolean;
  readonly capacityPerSecond: number;
}

/** What becomes of the requests of one second. */
export interface Served {
  readonly served: number;
  /** Sent to endpoints that are dead, or nowhere: there are none. */
  readonly lost: number;
  /** More than the endpoint could serve. */
  readonly refused: number;
}

/**
 * Spreads requests evenly over the endpoints, as Services do. Nothing waits and nobody tries again: what an endpoint cannot serve at once
 * has failed. Pure.
 */
export function serve(perSecond: number, endpoints: readonly Endpoint[]): Served {
  if (endpoints.length === 0) return { served: 0, lost: perSecond, refused: 0 };
  const share = perSecond / endpoints.length;
  let served = 0;
  let lost = 0;
  for (const { isDead, capacityPerSecond } of endpoints) {
    if (isDead) lost += share;
    else served += Math.min(share, capacityPerSecond);
  }
  return { served, lost, refused: Math.max(0, perSecond - served - lost) };
}

const dayMs = 86_400_000;
