import { addAmounts, amountsOf, isPodTerminal, podRequests, type ResourceAmounts } from "#api";
import type { Observation } from "./observation.ts";

/** What the cluster has and what was asked of it, at one moment. `cpu` in thousandths of a core, `memory` in bytes. */
export interface CapacitySample {
  readonly atMs: number;
  readonly nodesReady: number;
  /** Of nodes that are ready and take pods. */
  readonly allocatable: { readonly cpu: number; readonly memory: number };
  /** By pods that have a node or look for one. */
  readonly requested: { readonly cpu: number; readonly memory: number };
  readonly podsRunning: number;
  readonly podsPending: number;
}

/** Looks at the whole cluster. */
export function sampleCapacity(observation: Observation, atMs: number, podsPending: number): CapacitySample {
  const allocatable: ResourceAmounts = {};
  let nodesReady = 0;
  for (const { spec, status } of observation.nodes.values()) {
    if (status?.conditions?.find(({ type }) => type === "Ready")?.status !== "True") continue;
    nodesReady += 1;
    if (!spec?.unschedulable) addAmounts(allocatable, amountsOf(status.allocatable));
  }
  const requested: ResourceAmounts = {};
  for (const pod of observation.pods.values()) {
    if (!isPodTerminal(pod) && !pod.metadata?.deletionTimestamp) addAmounts(requested, podRequests(pod));
  }
  return {
    atMs,
    nodesReady,
    allocatable: { cpu: allocatable.cpu ?? 0, memory: allocatable.memory ?? 0 },
    requested: { cpu: requested.cpu ?? 0, memory: requested.memory ?? 0 },
    podsRunning: observation.running.size,
    podsPending,
  };
}
