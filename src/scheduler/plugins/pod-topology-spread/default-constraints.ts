import {
  compileLabelMap,
  compileLabelSelector,
  compileSelector,
  formatSelector,
  type Requirement,
} from "#api";
import { type Listers, labelKey } from "../../framework/listers.ts";
import type { PodShape } from "../../framework/pod-shape.ts";
import type { Constraint } from "./constraint.ts";

/** What holds for pods that say nothing of spreading themselves, but belong to a service or a workload. */
export interface SpreadDefaults {
  readonly constraints: readonly DefaultConstraint[];
  /** Nodes without one of the topology keys are the worst, instead of being judged by the others. */
  readonly needsAllKeys: boolean;
}

export interface DefaultConstraint {
  readonly topologyKey: string;
  readonly maxSkew: number;
  readonly whenUnsatisfiable: "DoNotSchedule" | "ScheduleAnyway";
}

/** Its pods are rather spread over nodes and zones. Kubernetes' system defaults. */
export const systemDefaults: SpreadDefaults = {
  constraints: [
    { topologyKey: "kubernetes.io/hostname", maxSkew: 3, whenUnsatisfiable: "ScheduleAnyway" },
    { topologyKey: "topology.kubernetes.io/zone", maxSkew: 5, whenUnsatisfiable: "ScheduleAnyway" },
  ],
  needsAllKeys: false,
};

export function defaultConstraints(
  shape: PodShape,
  defaults: readonly DefaultConstraint[],
  listers: Listers,
): readonly Constraint[] {
  const requirements = defaults.length === 0 ? [] : siblings(shape, listers);
  if (requirements.length === 0) return [];
  const selector = compileSelector(requirements);
  const selectorKey = formatSelector(selector);
  return defaults.map(({ topologyKey, maxSkew }) => ({
    topologyKey,
    maxSkew,
    minDomains: 1,
    selector,
    selectorKey,
    honorsAffinity: true,
    honorsTaints: false,
  }));
}

/** What the services and the controller of a pod select by. */
function siblings({ namespace, labels, controller }: PodShape, listers: Listers): readonly Requirement[] {
  const requirements = new Map<string, Requirement>();
  const add = (more: readonly Requirement[]) => {
    for (const one of more) requirements.set(JSON.stringify(one), one);
  };
  for (const [key, value] of Object.entries(labels)) {
    for (const { spec } of listers.services.by(namespace, labelKey(key, value))) {
      const selector = compileLabelMap(spec?.selector);
      if (selector.matches(labels)) add(selector.requirements);
    }
  }
  if (!controller) return [...requirements.values()];
  const { apiVersion, kind, name } = controller;
  if (apiVersion === "v1" && kind === "ReplicationController") {
    add(compileLabelMap(listers.replicationControllers.get(namespace, name)?.spec?.selector).requirements);
  }
  if (apiVersion === "apps/v1" && (kind === "ReplicaSet" || kind === "StatefulSet")) {
    const lister = kind === "ReplicaSet" ? listers.replicaSets : listers.statefulSets;
    add(compileLabelSelector(lister.get(namespace, name)?.spec?.selector).requirements);
  }
  return [...requirements.values()];
}
