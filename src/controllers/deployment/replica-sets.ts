import { type Deployment, jsonEqual, type PodTemplateSpec, type ReplicaSet } from "#api";
import { revisionOf } from "./annotations.ts";

/** Label that tells the sets (and pods) of one deployment apart. */
export const templateHashLabel = "pod-template-hash";

/** The replica sets of one deployment, told apart. */
export interface ReplicaSets {
  /** The one with the deployment's template, if it exists. */
  readonly current: ReplicaSet | undefined;
  /** All others, oldest first. */
  readonly old: readonly ReplicaSet[];
}

/** Should several sets have the template, the oldest is the current one: deterministic, whoever looks. */
export function sortReplicaSets(deployment: Deployment, owned: readonly ReplicaSet[]): ReplicaSets {
  const sorted = [...owned].sort(byAge);
  const template = withoutHash(deployment.spec?.template);
  const current = sorted.find((set) => jsonEqual(withoutHash(set.spec?.template), template));
  return { current, old: sorted.filter((set) => set !== current) };
}

export function specReplicas(set: ReplicaSet | undefined): number {
  return set?.spec?.replicas ?? (set ? 1 : 0);
}

export function sumOf(sets: readonly ReplicaSet[], amount: (set: ReplicaSet) => number): number {
  return sets.reduce((total, set) => total + amount(set), 0);
}

export function allOf({ current, old }: ReplicaSets): readonly ReplicaSet[] {
  return current ? [...old, current] : old;
}

/** By the revision they had in the rollout history, lowest first. */
export function byRevision(a: ReplicaSet, b: ReplicaSet): number {
  return revisionOf(a) - revisionOf(b) || byAge(a, b);
}

/** Oldest first. */
export function byAge(a: ReplicaSet, b: ReplicaSet): number {
  const created = (set: ReplicaSet) => set.metadata?.creationTimestamp ?? "";
  const name = (set: ReplicaSet) => set.metadata?.name ?? "";
  return compare(created(a), created(b)) || compare(name(a), name(b));
}

export function withoutHash(template: PodTemplateSpec | undefined): object {
  const { [templateHashLabel]: _, ...labels } = template?.metadata?.labels ?? {};
  const { annotations } = template?.metadata ?? {};
  return { labels, annotations: annotations ?? {}, spec: template?.spec };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
