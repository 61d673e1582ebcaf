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

/**
 * What holds for pods that say nothing of spreading themselves, but belong to a service or a workload: its pods are rather spread over nodes and
 * zones. Kubernetes' system defaults.
 */
export function defaultConstraints(shape: PodShape, listers: Listers): readonly Constraint[] {
  const requirements = siblings(shape, listers);
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

const defaults = [
  { topologyKey: "kubernetes.io/hostname", maxSkew: 3 },
  { topologyKey: "topology.kubernetes.io/zone", maxSkew: 5 },
];

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
