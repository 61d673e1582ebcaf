import {
  jsonEqualBut,
  type KubernetesObject,
  type ManagedFieldsEntry,
  type ObjectMeta,
  type StatusCause,
} from "#api";
import { badRequest, conflict, invalid, notFound } from "#base";
import { maxConflictRetries } from "../limits.ts";
import { commitObject, type ObjectWrite } from "./commit.ts";
import { adoptNamespace, createObject } from "./create.ts";
import { mayBeRemoved } from "./finalizers.ts";
import {
  admissionOf,
  type Machinery,
  mutate,
  validate,
  type WriteRequest,
  type Written,
} from "./machinery.ts";
import { recordUpdate } from "./managed-fields.ts";
import { subjectOf } from "./subject.ts";

/** How an update comes to its new object. */
export interface Change {
  /**
   * The new object, which belongs to the request, made from the stored one, which does not. `old` is absent when
   * nothing is stored yet. Called again when someone else was faster.
   */
  next(old: KubernetesObject | undefined): KubernetesObject | Promise<KubernetesObject>;
  /**
   * Present when the change creates what is missing: PUT for kinds that allow it, and apply. Called before it does;
   * throws when the user may change such objects but not create them.
   */
  readonly checkCreate?: (() => void) | undefined;
  /** Applies a definition's rules for the part that is written: the object itself, or a subresource. */
  readonly rules: UpdateRules;
  /** True when `next` has recorded the managed fields itself: apply. */
  readonly recordsFields: boolean;
  /**
   * True when `next` makes its object of the stored one, always another, and leaves the managed fields, which it may not be given, alone:
   * nothing is to be filled in, and nothing to be compared.
   */
  readonly isStep?: boolean;
}

export interface UpdateRules {
  prepareForUpdate(object: KubernetesObject, old: KubernetesObject): void;
  validateUpdate(object: KubernetesObject, old: KubernetesObject): StatusCause[];
}

/**
 * Reads, changes and writes one object. A change that names a resource version fails with Conflict when it is
 * stale; one that names none is made to what is there now.
 */
export function updateObject(machinery: Machinery, request: WriteRequest, change: Change): Promise<Written> {
  const { kind, attributes } = request;
  const namespace = kind.resource.namespaced ? attributes.namespace : undefined;
  const key = kind.key(attributes.name ?? "", namespace);
  return machinery.turns.take(key, () => updateInTurn(machinery, request, change, key));
}

async function updateInTurn(
  machinery: Machinery,
  request: WriteRequest,
  change: Change,
  key: string,
): Promise<Written> {
  const { kind, slice } = request;
  for (let attempt = 0; attempt < maxConflictRetries; attempt++) {
    slice.restart();
    const entry = machinery.store.get(key);
    if (!entry) return createMissing(machinery, request, change);
    const { object: old, managedFields } = change.isStep
      ? machinery.objects.peekParted(kind, entry)
      : { object: machinery.objects.peek(kind, entry), managedFields: undefined };
    const object = await change.next(old);
    if (slice.isOver()) await slice.pause();
    checkIdentity(request, object, old);
    await admit(machinery, request, change, object, old);
    if (slice.isOver()) await slice.pause();
    if (!change.isStep && isSameButForTimes(object, old)) {
      return { object: old, entry, created: false };
    }
    if (slice.isOver()) await slice.pause();
    const written = await write(machinery, request, {
      key,
      object,
      oldObject: old,
      oldFacts: machinery.objects.knownFacts(kind, entry),
      managedFields,
      expected: entry.modRevision,
    });
    if (written) return written;
  }
  throw conflict(subjectOf(kind, request.attributes.name), modified);
}

async function createMissing(machinery: Machinery, request: WriteRequest, change: Change): Promise<Written> {
  const { kind, attributes } = request;
  const name = attributes.name ?? "";
  if (!change.checkCreate) throw notFound(subjectOf(kind, name));
  change.checkCreate();
  const object = await change.next(undefined);
  if (request.slice.isOver()) await request.slice.pause();
  object.metadata ??= {};
  if (object.metadata.uid) {
    throw conflict(
      subjectOf(kind, name),
      `Precondition failed: UID in precondition: ${object.metadata.uid}, UID in object meta: `,
    );
  }
  if (object.metadata.resourceVersion) throw conflict(subjectOf(kind, name), modified);
  checkName(request, object.metadata);
  return createObject(machinery, request, object, { recordsFields: !change.recordsFields });
}

/** Puts in what an update may leave out, refuses another identity and a stale version. */
function checkIdentity(request: WriteRequest, object: KubernetesObject, old: KubernetesObject): void {
  const subject = subjectOf(request.kind, request.attributes.name);
  object.metadata ??= {};
  const { metadata } = object;
  const before = old.metadata ?? {};
  checkName(request, metadata);
  adoptNamespace(request, metadata);
  if (metadata.uid && metadata.uid !== before.uid) {
    throw conflict(
      subject,
      `Precondition failed: UID in precondition: ${metadata.uid}, UID in object meta: ${before.uid}`,
    );
  }
  if (isConditional(object) && metadata.resourceVersion !== before.resourceVersion)
    throw conflict(subject, modified);
  for (const field of systemFields) keep(metadata, before, field);
  if (metadata.selfLink !== undefined) delete metadata.selfLink;
}

/** Whether it is written only while nobody else has written in between. */
export function isConditional({ metadata }: KubernetesObject): boolean {
  return Boolean(metadata?.resourceVersion) && metadata?.resourceVersion !== "0";
}

async function admit(
  machinery: Machinery,
  request: WriteRequest,
  change: Change,
  object: KubernetesObject,
  old: KubernetesObject,
): Promise<void> {
  const { resource } = request.kind;
  if (!change.isStep) request.kind.complete(object);
  // A subresource writes its part only; the writer owns nothing of the rest.
  if (request.attributes.subresource !== undefined) change.rules.prepareForUpdate(object, old);
  if (!change.recordsFields) recordUpdate(machinery, request, object, old);
  if (request.slice.isOver()) await request.slice.pause();
  const admission = admissionOf(machinery, request, "UPDATE", object, old);
  await mutate(admission);
  change.rules.prepareForUpdate(object, old);
  const causes = change.rules.validateUpdate(object, old);
  if (causes.length > 0) {
    throw invalid({ ...subjectOf(request.kind, request.attributes.name), kind: resource.kind }, causes);
  }
  await validate(admission);
}

/**
 * True when nothing has changed but when somebody said so: defaults inside lists that are applied as one make such
 * lists look different until the defaults are filled in again. The metadata come last: mostly something else differs, and they are long.
 */
function isSameButForTimes(object: KubernetesObject, old: KubernetesObject): boolean {
  const { metadata = {} } = object;
  const { metadata: before = {} } = old;
  return (
    jsonEqualBut("metadata", object, old) &&
    jsonEqualBut("managedFields", metadata, before) &&
    sameOwners(metadata.managedFields ?? [], before.managedFields ?? [])
  );
}

function sameOwners(now: readonly ManagedFieldsEntry[], before: readonly ManagedFieldsEntry[]): boolean {
  return (
    now.length === before.length &&
    now.every((entry, index) => jsonEqualBut("time", entry, before[index] as ManagedFieldsEntry))
  );
}

/** Writes the new object, or removes it when the update took away the last thing that held it. */
async function write(
  machinery: Machinery,
  request: WriteRequest,
  update: ObjectWrite & { readonly object: KubernetesObject },
): Promise<Written | undefined> {
  const { object } = update;
  const removed = mayBeRemoved(request.kind, object);
  const commit = await commitObject(machinery, request, removed ? { ...update, object: undefined } : update);
  if (!commit) return undefined;
  return { object: commit.object ?? object, entry: commit.entry, created: false };
}

function checkName({ attributes }: WriteRequest, metadata: ObjectMeta): void {
  if (!metadata.name) metadata.name = attributes.name ?? "";
  if (metadata.name !== attributes.name) {
    throw badRequest(
      `the name of the object (${metadata.name}) does not match the name on the URL (${attributes.name})`,
    );
  }
}

const modified =
  "the object has been modified; please apply your changes to the latest version and try again";

/** What only the system writes: an update that says something else about it is not listened to. */
const systemFields = [
  "uid",
  "resourceVersion",
  "creationTimestamp",
  "deletionTimestamp",
  "deletionGracePeriodSeconds",
  "generation",
] as const;

function keep(to: ObjectMeta, from: ObjectMeta, field: (typeof systemFields)[number]): void {
  const value = from[field];
  if (to[field] === value) return;
  if (value !== undefined) Object.assign(to, { [field]: value });
  else delete to[field];
}
