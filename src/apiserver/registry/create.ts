import type { KubernetesObject, ObjectMeta } from "#api";
import { alreadyExists, badRequest, internalError, invalid, nameSuffix, timestamp } from "#base";
import { maxGeneratedBaseLength, maxNameRetries } from "../limits.ts";
import { commitObject } from "./commit.ts";
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

/**
 * Creates an object that belongs to this request. Throws AlreadyExists, Invalid, and what admission says.
 * `recordsFields` is false when the managed fields have been recorded already: by apply.
 */
export async function createObject(
  machinery: Machinery,
  request: WriteRequest,
  object: KubernetesObject,
  options: { readonly recordsFields: boolean } = { recordsFields: true },
): Promise<Written> {
  const metadata = begin(machinery, request, object);
  const generated = !metadata.name && metadata.generateName;
  for (let attempt = 0; attempt < maxNameRetries; attempt++) {
    if (generated) metadata.name = generateName(machinery, generated);
    // A retry changes nothing but the name: what was admitted once is not admitted again.
    if (attempt === 0) await admit(machinery, request, object, options.recordsFields);
    const key = request.kind.key(metadata.name ?? "", metadata.namespace);
    const commit = await commitObject(machinery, request, {
      key,
      object,
      oldObject: undefined,
      expected: 0,
    });
    if (commit?.object) return { object: commit.object, entry: commit.entry, created: true };
    if (!generated) break;
  }
  throw alreadyExists(subjectOf(request.kind, metadata.name));
}

/** Clears what only the system may say and gives the object its identity. */
function begin(machinery: Machinery, request: WriteRequest, object: KubernetesObject): ObjectMeta {
  object.metadata ??= {};
  const { metadata } = object;
  if (metadata.resourceVersion) {
    throw badRequest("resourceVersion should not be set on objects to be created");
  }
  adoptNamespace(request, metadata);
  delete metadata.resourceVersion;
  delete metadata.selfLink;
  delete metadata.deletionTimestamp;
  delete metadata.deletionGracePeriodSeconds;
  metadata.uid = machinery.random.uuid();
  metadata.creationTimestamp = timestamp(machinery.clock);
  return metadata;
}

async function admit(
  machinery: Machinery,
  request: WriteRequest,
  object: KubernetesObject,
  recordsFields: boolean,
): Promise<void> {
  const { definition } = request.kind;
  request.kind.complete(object);
  const admission = admissionOf(machinery, request, "CREATE", object, undefined);
  // Before admission, as upstream: the author owns what they wrote and what it defaults to, not what is put in later.
  if (recordsFields) recordUpdate(machinery, request, object, undefined);
  if (request.slice.isOver()) await request.slice.pause();
  await mutate(admission);
  definition.prepareForCreate(object);
  const causes = definition.validateCreate(object);
  if (causes.length > 0) {
    throw invalid(
      { ...subjectOf(request.kind, object.metadata?.name), kind: request.kind.resource.kind },
      causes,
    );
  }
  if (request.slice.isOver()) await request.slice.pause();
  await validate(admission);
}

/** The namespace of the path is the object's; naming another one is a mistake. */
export function adoptNamespace(request: WriteRequest, metadata: ObjectMeta): void {
  const { namespace } = request.attributes;
  if (!request.kind.resource.namespaced) {
    if (metadata.namespace === "") delete metadata.namespace;
    return;
  }
  if (!metadata.namespace) metadata.namespace = namespace ?? "";
  if (metadata.namespace !== namespace) {
    throw badRequest("the namespace of the provided object does not match the namespace sent on the request");
  }
}

function generateName(machinery: Machinery, base: string): string {
  if (base.length === 0) throw internalError("a name is generated from a base");
  return base.slice(0, maxGeneratedBaseLength) + nameSuffix(machinery.random);
}
