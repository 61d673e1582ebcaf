import {
  type OwnerReference,
  type PersistentVolumeClaim,
  type Pod,
  pods,
  type StatefulSet,
  statefulSets,
} from "#api";
import { controllerReference } from "../shared/claim.ts";

/** Whom a claim shall belong to besides its other owners: its set, its pod, or (kept for ever) neither. */
export type ClaimOwner = "set" | "pod" | "nobody";

/** A claim whose references must say something else. */
export interface Ownership {
  readonly claim: PersistentVolumeClaim;
  readonly add: readonly OwnerReference[];
  /** Uids. */
  readonly remove: readonly string[];
}

/** The name of a claim of the set's pod of an ordinal: `data-web-0`. It outlives the pod. */
export function claimName(set: StatefulSet, template: PersistentVolumeClaim, ordinal: number): string {
  return `${template.metadata?.name}-${set.metadata?.name}-${ordinal}`;
}

/** The claims that the pod of an ordinal needs. */
export function newClaims(set: StatefulSet, ordinal: number): readonly PersistentVolumeClaim[] {
  return (set.spec?.volumeClaimTemplates ?? []).map((template): PersistentVolumeClaim => {
    const { labels, annotations } = template.metadata ?? {};
    const { namespace } = set.metadata ?? {};
    const isOwned = ownerOf(set, { isWanted: true }) === "set";
    return {
      apiVersion: "v1",
      kind: "PersistentVolumeClaim",
      metadata: {
        name: claimName(set, template, ordinal),
        ...(namespace === undefined ? {} : { namespace }),
        labels: { ...labels, ...set.spec?.selector.matchLabels },
        ...(annotations ? { annotations } : {}),
        ...(isOwned ? { ownerReferences: [controllerReference(statefulSets, set)] } : {}),
      },
      ...(template.spec ? { spec: template.spec } : {}),
    };
  });
}

/** Whether a claim belongs to a pod that is gone, and will go with it: its name is not free yet. */
export function isStale(claim: PersistentVolumeClaim, podName: string): boolean {
  return (
    claim.metadata?.deletionTimestamp !== undefined ||
    (claim.metadata?.ownerReferences ?? []).some(({ kind, name }) => kind === "Pod" && name === podName)
  );
}

/** What must change about a claim's owners; undefined: nothing. `persistentVolumeClaimRetentionPolicy` says who they are. */
export function ownership(
  set: StatefulSet,
  pod: Pod,
  claim: PersistentVolumeClaim,
  place: { readonly isWanted: boolean },
): Ownership | undefined {
  const owner = ownerOf(set, place);
  const references = claim.metadata?.ownerReferences ?? [];
  const has = (uid: string | undefined) => references.some((reference) => reference.uid === uid);
  const add: OwnerReference[] = [];
  const remove: string[] = [];
  for (const [who, resource, object] of [
    ["set", statefulSets, set],
    ["pod", pods, pod],
  ] as const) {
    const uid = object.metadata?.uid ?? "";
    if (owner === who && !has(uid)) add.push(controllerReference(resource, object));
    if (owner !== who && has(uid)) remove.push(uid);
  }
  return add.length + remove.length > 0 ? { claim, add, remove } : undefined;
}

function ownerOf({ spec }: StatefulSet, { isWanted }: { readonly isWanted: boolean }): ClaimOwner {
  const { whenDeleted, whenScaled } = spec?.persistentVolumeClaimRetentionPolicy ?? {};
  if (!isWanted && whenScaled === "Delete") return "pod";
  return whenDeleted === "Delete" ? "set" : "nobody";
}
