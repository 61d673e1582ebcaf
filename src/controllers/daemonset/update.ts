import { countOf, type DaemonSet, isPodLeaving, type Pod } from "#api";
import type { NodePods, Removal, Steps, UpdateFacts } from "./decide.ts";

/**
 * Replaces pods of an older template, as the strategy allows: without surge a pod goes first and its successor comes when it is gone,
 * on no more nodes at a time than `maxUnavailable`; with surge the successor comes first, on no more nodes than `maxSurge`. A pod
 * that is not available is not waited for: the new template may be what helps it.
 */
export function rollingUpdate(set: DaemonSet, nodes: readonly NodePods[], facts: UpdateFacts): Steps {
  if (set.spec?.updateStrategy?.type !== "RollingUpdate") return { create: [], remove: [] };
  const meant = nodes.filter(({ placement }) => placement.shouldRun);
  const { maxSurge, maxUnavailable } = parameters(set, meant.length);
  return maxSurge > 0 ? surge(meant, facts, maxSurge) : replace(meant, facts, maxUnavailable);
}

function parameters({ spec }: DaemonSet, desired: number) {
  const { maxSurge = 0, maxUnavailable = 1 } = spec?.updateStrategy?.rollingUpdate ?? {};
  const surging = countOf(maxSurge, desired);
  const unavailable = countOf(maxUnavailable, desired);
  return { maxSurge: surging, maxUnavailable: surging === 0 ? Math.max(1, unavailable) : unavailable };
}

function replace(nodes: readonly NodePods[], facts: UpdateFacts, maxUnavailable: number): Steps {
  const broken: Pod[] = [];
  const candidates: Pod[] = [];
  let unavailable = 0;
  for (const { pods } of nodes) {
    const { fresh, old } = tellApart(pods, facts);
    const isUp = (fresh ?? old) !== undefined && facts.isAvailable((fresh ?? old) as Pod);
    if (!isUp) unavailable += 1;
    if (fresh || !old) continue;
    (isUp ? candidates : broken).push(old);
  }
  const outdated = [...broken, ...candidates.slice(0, Math.max(0, maxUnavailable - unavailable))];
  return { create: [], remove: outdated.map(outdatedPod) };
}

function surge(nodes: readonly NodePods[], facts: UpdateFacts, maxSurge: number): Steps {
  const needed: string[] = [];
  const candidates: string[] = [];
  const done: Pod[] = [];
  let surging = 0;
  for (const { name, pods } of nodes) {
    const { fresh, old } = tellApart(pods, facts);
    if (!old) continue;
    if (fresh && facts.isAvailable(fresh)) done.push(old);
    else if (fresh) surging += 1;
    else (facts.isAvailable(old) ? candidates : needed).push(name);
  }
  const next = candidates.slice(0, Math.max(0, maxSurge - surging - needed.length));
  return { create: [...needed, ...next], remove: done.map(outdatedPod) };
}

function tellApart(pods: readonly Pod[], { isUpdated }: UpdateFacts) {
  const staying = pods.filter((pod) => !isPodLeaving(pod));
  return { fresh: staying.find(isUpdated), old: staying.find((pod) => !isUpdated(pod)) };
}

function outdatedPod(pod: Pod): Removal {
  return { pod, cause: "outdated" };
}
