import {
  compileLabelSelector,
  compileSelector,
  formatSelector,
  type PodAffinityTerm,
  type Requirement,
  type Selector,
} from "#api";
import type { Listers } from "../listers.ts";
import type { PodShape } from "../pod-shape.ts";

/** Which pods a pod wants to be near to, or far from, and what near means. */
export interface AffinityTerm {
  /** Equal for terms that mean the same. */
  readonly key: string;
  readonly topologyKey: string;
  /** Which pods, in words: `app=web`. */
  readonly pods: string;
  /** It has no selector: no pod is meant, whatever its labels. */
  readonly selectsNothing: boolean;
  /** Whether it speaks of namespaces by their labels. */
  readonly selectsNamespaces: boolean;
  matches(shape: Pick<PodShape, "namespace" | "labels">, listers: Listers): boolean;
}

/** A term as a pod of this shape means it: namespaces default to its own, and `matchLabelKeys` stand for the values of its labels (KEP-3633). */
export function compileAffinityTerm(
  term: PodAffinityTerm,
  { namespace, labels }: Pick<PodShape, "namespace" | "labels">,
): AffinityTerm {
  const { topologyKey, labelSelector, namespaceSelector, matchLabelKeys, mismatchLabelKeys } = term;
  const named = term.namespaces?.length || namespaceSelector ? (term.namespaces ?? []) : [namespace];
  const names = new Set(named);
  const ofKeys = [
    ...requirementsOf(labels, matchLabelKeys, "In"),
    ...requirementsOf(labels, mismatchLabelKeys, "NotIn"),
  ];
  const selector = withRequirements(compileLabelSelector(labelSelector), ofKeys);
  const ofNamespaces = namespaceSelector && compileLabelSelector(namespaceSelector);
  return {
    key: JSON.stringify([topologyKey, labelSelector, ofKeys, [...names].sort(), namespaceSelector]),
    topologyKey,
    pods: formatSelector(selector),
    selectsNothing: isNothing(selector),
    selectsNamespaces: namespaceSelector !== undefined,
    matches(pod, listers) {
      if (!selector.matches(pod.labels)) return false;
      if (names.has(pod.namespace)) return true;
      if (!ofNamespaces) return false;
      return ofNamespaces.matches(listers.namespaces.get("", pod.namespace)?.metadata?.labels ?? {});
    },
  };
}

/** Requirements on the labels that a pod has itself, with its own values. */
export function requirementsOf(
  labels: PodShape["labels"],
  keys: readonly string[] | undefined,
  operator: "In" | "NotIn",
): readonly Requirement[] {
  return (keys ?? []).flatMap((key) => {
    const value = labels[key];
    return value === undefined ? [] : [{ key, operator, values: [value] }];
  });
}

/** A selector that asks for more. One that selects nothing still does. */
export function withRequirements(selector: Selector, more: readonly Requirement[]): Selector {
  if (more.length === 0 || isNothing(selector)) return selector;
  return compileSelector([...selector.requirements, ...more]);
}

function isNothing({ requirements, isEverything }: Selector): boolean {
  return requirements.length === 0 && !isEverything;
}
