import type { Node, Taint } from "#api";
import { conditionOf } from "../shared/condition.ts";

const notReadyKey = "node.kubernetes.io/not-ready";
const unreachableKey = "node.kubernetes.io/unreachable";

/** Conditions that keep new pods away while they are true. */
const pressureTaints: Readonly<Record<string, string>> = {
  MemoryPressure: "node.kubernetes.io/memory-pressure",
  DiskPressure: "node.kubernetes.io/disk-pressure",
  PIDPressure: "node.kubernetes.io/pid-pressure",
  NetworkUnavailable: "node.kubernetes.io/network-unavailable",
};

/** Keys that this controller sets and takes away; all others are somebody's own. */
const managed = new Set([
  notReadyKey,
  unreachableKey,
  "node.kubernetes.io/unschedulable",
  ...Object.values(pressureTaints),
]);

/**
 * The taints that a node's state calls for, beside those that others gave it. `ready` is the state of its `Ready` condition; with
 * `evicts` false nobody is driven away (when every node seems lost, it is more likely that the watcher is).
 */
export function taintsFor(
  node: Node,
  { ready, evicts, now }: { ready: string; evicts: boolean; now: string },
): Taint[] {
  const wanted: Taint[] = [];
  const key = ready === "True" ? undefined : ready === "False" ? notReadyKey : unreachableKey;
  if (key) wanted.push({ key, effect: "NoSchedule" });
  if (key && evicts) wanted.push({ key, effect: "NoExecute" });
  if (node.spec?.unschedulable)
    wanted.push({ key: "node.kubernetes.io/unschedulable", effect: "NoSchedule" });
  for (const [type, pressure] of Object.entries(pressureTaints)) {
    const condition = conditionOf(node.status?.conditions, type);
    if (condition?.status === "True") wanted.push({ key: pressure, effect: "NoSchedule" });
  }
  const old = node.spec?.taints ?? [];
  const kept = old.filter(
    (taint) => !managed.has(taint.key) || wanted.some((one) => isSameTaint(one, taint)),
  );
  const added = wanted.filter((taint) => !kept.some((one) => isSameTaint(one, taint)));
  return [...kept.map((taint) => dated(taint, now)), ...added.map((taint) => ({ ...taint, timeAdded: now }))];
}

/** A taint that drives pods away says since when, or a restart would give them their whole time again. kubectl leaves it out. */
function dated(taint: Taint, now: string): Taint {
  return taint.effect === "NoExecute" && !taint.timeAdded ? { ...taint, timeAdded: now } : taint;
}

function isSameTaint(a: Taint, b: Taint): boolean {
  return a.key === b.key && a.effect === b.effect;
}
