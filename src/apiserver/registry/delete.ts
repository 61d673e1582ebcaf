import { cloneJson, type KubernetesObject } from "#api";
import { badRequest, conflict, notFound } from "#base";
import type { Entry } from "#store";
import { maxConflictRetries } from "../limits.ts";
import { restamp } from "./bytes.ts";
import { commitObject } from "./commit.ts";
import { isHeld, propagate } from "./finalizers.ts";
import { admissionOf, type Machinery, mutate, validate, type WriteRequest } from "./machinery.ts";
import { subjectOf } from "./subject.ts";

/** `meta.k8s.io/v1 DeleteOptions`, as far as it is about the object. */
export interface Deletion {
  readonly gracePeriodSeconds?: number;
  readonly propagationPolicy?: string;
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
}

export interface Deleted {
  /** The object as it is now, or was last. */
  readonly object: KubernetesObject;
  readonly bytes: Uint8Array;
  /** False while something still holds it: a finalizer, or its grace period. */
  readonly gone: boolean;
}

/** Deletes an object, or marks it for deletion. Throws NotFound, and Conflict when a precondition fails. */
export async function deleteObject(
  machinery: Machinery,
  request: WriteRequest,
  name: string,
  namespace: string | undefined,
  deletion: Deletion,
): Promise<Deleted> {
  const { kind } = request;
  const key = kind.key(name, namespace);
  for (let attempt = 0; attempt < maxConflictRetries; attempt++) {
    const entry = machinery.store.get(key);
    if (!entry) throw notFound(subjectOf(kind, name));
    const old = machinery.objects.peek(kind, entry);
    checkPreconditions(request, name, old, deletion);
    if (attempt === 0) {
      const admission = admissionOf(machinery, request, "DELETE", undefined, old);
      await mutate(admission);
      await validate(admission);
    }
    const deleted = await tryDelete(machinery, request, key, entry, old, deletion);
    if (deleted) return deleted;
  }
  throw conflict(subjectOf(kind, name), "the object keeps changing while it is being deleted; try again");
}

async function tryDelete(
  machinery: Machinery,
  request: WriteRequest,
  key: string,
  entry: Entry,
  old: KubernetesObject,
  deletion: Deletion,
): Promise<Deleted | undefined> {
  const { kind } = request;
  const bytes = machinery.objects.bytes(kind, entry);
  const marked = mark(machinery, request, old, deletion);
  if (marked === "unchanged") return { object: old, bytes, gone: false };
  const object = marked === "remove" ? undefined : marked;
  const commit = await commitObject(machinery, request, {
    key,
    object,
    oldObject: old,
    expected: entry.modRevision,
  });
  if (!commit) return undefined;
  if (commit.entry && commit.object) {
    return { object: commit.object, bytes: machinery.objects.bytes(kind, commit.entry), gone: false };
  }
  if (object) return { object, bytes, gone: false };
  return { object: old, bytes: restamp(bytes, entry.modRevision, commit.revision), gone: true };
}

/** Decides what a delete does to the object as it is: removes it, leaves it, or marks it and lets others finish. */
function mark(
  machinery: Machinery,
  { kind }: WriteRequest,
  old: KubernetesObject,
  deletion: Deletion,
): KubernetesObject | "remove" | "unchanged" {
  const strategy = kind.definition.deletion;
  const { gracePeriodSeconds: requested, propagationPolicy } = deletion;
  const object = cloneJson(old);
  object.metadata ??= {};
  const { metadata } = object;
  const propagated = propagate(kind, metadata, propagationPolicy);
  const grace = strategy.gracePeriodSeconds(object, requested);

  if (metadata.deletionTimestamp !== undefined) {
    const current = metadata.deletionGracePeriodSeconds ?? 0;
    const shorter = requested !== undefined && grace < current;
    const left = shorter ? grace : current;
    if (left === 0 && !isHeld(kind, object)) return "remove";
    if (!shorter && !propagated) return "unchanged";
    metadata.deletionTimestamp = shiftSeconds(Date.parse(metadata.deletionTimestamp), left - current);
    metadata.deletionGracePeriodSeconds = left;
    return object;
  }

  if (grace === 0 && !isHeld(kind, object)) return "remove";
  metadata.deletionTimestamp = shiftSeconds(machinery.clock.now(), grace);
  metadata.deletionGracePeriodSeconds = grace;
  if (metadata.generation) metadata.generation += 1;
  strategy.markDeleted(object);
  return object;
}

function shiftSeconds(fromMs: number, seconds: number): string {
  return `${new Date(fromMs + seconds * 1000).toISOString().slice(0, 19)}Z`;
}

/** Throws Conflict when the object is not the one that is meant. */
export function checkPreconditions(
  { kind }: WriteRequest,
  name: string,
  old: KubernetesObject,
  deletion: Deletion,
): void {
  const { preconditions, gracePeriodSeconds } = deletion;
  if (gracePeriodSeconds !== undefined && !Number.isInteger(gracePeriodSeconds)) {
    throw badRequest("gracePeriodSeconds must be a whole number of seconds");
  }
  if (!preconditions) return;
  const { uid, resourceVersion } = preconditions;
  const now = old.metadata ?? {};
  if (uid !== undefined && uid !== now.uid) {
    const why = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${now.uid}`;
    throw conflict(subjectOf(kind, name), why);
  }
  if (resourceVersion !== undefined && resourceVersion !== now.resourceVersion) {
    const why = `Precondition failed: ResourceVersion in precondition: ${resourceVersion}, ResourceVersion in object meta: ${now.resourceVersion}`;
    throw conflict(subjectOf(kind, name), why);
  }
}
