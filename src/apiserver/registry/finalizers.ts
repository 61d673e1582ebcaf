import type { KubernetesObject, ObjectMeta } from "#api";
import type { ServedKind } from "./catalogue.ts";

/** The finalizers by which the garbage collector is told what to do with dependents. */
export const orphanFinalizer = "orphan";
export const foregroundFinalizer = "foregroundDeletion";

/** True when deletion was asked for and nothing holds the object any more. */
export function mayBeRemoved(kind: ServedKind, object: KubernetesObject): boolean {
  const metadata = object.metadata ?? {};
  return (
    metadata.deletionTimestamp !== undefined &&
    (metadata.deletionGracePeriodSeconds ?? 0) === 0 &&
    !isHeld(kind, object)
  );
}

/** True while a finalizer, or what the kind has in its place, holds the object. */
export function isHeld(kind: ServedKind, object: KubernetesObject): boolean {
  return (object.metadata?.finalizers?.length ?? 0) > 0 || kind.definition.deletion.isHeld(object);
}

/** Sets the finalizers that the wanted propagation calls for, and takes away those of another. True when something changed. */
export function propagate(kind: ServedKind, metadata: ObjectMeta, policy: string | undefined): boolean {
  const before = metadata.finalizers ?? [];
  const wanted = finalizerOf(policy ?? standing(before) ?? kind.definition.deletion.defaultPropagation);
  const after = before.filter((finalizer) => !isPropagation(finalizer) || finalizer === wanted);
  if (wanted && !after.includes(wanted)) after.push(wanted);
  if (after.length === before.length && after.every((finalizer, index) => finalizer === before[index])) {
    return false;
  }
  if (after.length > 0) metadata.finalizers = after;
  else delete metadata.finalizers;
  return true;
}

function isPropagation(finalizer: string): boolean {
  return finalizer === orphanFinalizer || finalizer === foregroundFinalizer;
}

/** The policy that an earlier request or the author has already set down. */
function standing(finalizers: readonly string[]): string | undefined {
  if (finalizers.includes(orphanFinalizer)) return "Orphan";
  if (finalizers.includes(foregroundFinalizer)) return "Foreground";
  return undefined;
}

function finalizerOf(policy: string): string | undefined {
  if (policy === "Orphan") return orphanFinalizer;
  if (policy === "Foreground") return foregroundFinalizer;
  return undefined;
}
