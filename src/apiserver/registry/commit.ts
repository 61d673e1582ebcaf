import type { KubernetesObject } from "#api";
import { must, unavailable } from "#base";
import type { Entry, Operation, Precondition, Revision, Snapshot } from "#store";
import { maxConflictRetries } from "../limits.ts";
import { encodeMarked } from "./bytes.ts";
import type { ServedKind } from "./catalogue.ts";
import { type Machinery, provenanceOf, type WriteRequest } from "./machinery.ts";
import { type EntryMemo, type Facts, factsOf } from "./objects.ts";

export interface ObjectWrite {
  readonly key: string;
  /** Absent: the object is removed. */
  readonly object: KubernetesObject | undefined;
  readonly oldObject: KubernetesObject | undefined;
  /** Of what is replaced, where they are known. */
  readonly oldFacts?: Facts | undefined;
  /** Managed fields as they were stored, of an object that comes without them. */
  readonly managedFields?: Uint8Array | undefined;
  /** Revision at which the key must have been put last; 0: it must not exist. */
  readonly expected: Revision;
}

/** What was committed; `entry` is absent after a removal or a dry run. */
export interface ObjectCommit {
  readonly object: KubernetesObject | undefined;
  readonly entry: Entry | undefined;
  readonly revision: Revision;
}

/**
 * Writes one object together with what must commit or fail with it. Undefined means: the key has changed since
 * `expected`, nothing was written.
 */
export async function commitObject(
  machinery: Machinery,
  request: WriteRequest,
  write: ObjectWrite,
): Promise<ObjectCommit | undefined> {
  for (let attempt = 0; attempt < maxConflictRetries; attempt++) {
    const { object, preconditions, operations } = plan(machinery, request, write);
    if (request.dryRun) {
      const current = machinery.store.get(write.key)?.modRevision ?? 0;
      if (current !== write.expected) return undefined;
      return { object, entry: undefined, revision: write.expected };
    }
    const provenance = provenanceOf(machinery, request);
    const result = await machinery.store.commit({ preconditions, operations, provenance });
    if (!result.committed) {
      if (result.failed.key === write.key) return undefined;
      continue;
    }
    const { revision, changes } = result.commit;
    if (!object) return { object, entry: undefined, revision };
    const entry = must(changes.find((change) => change.key === write.key)?.entry, "a put leaves an entry");
    // Complete, it is what readers would parse. It is not kept for them: most is read as bytes, and objects that outlive their
    // request cost the garbage collector more than parsing those few that are asked for.
    must(object.metadata, "a stored object has metadata").resourceVersion = String(entry.modRevision);
    return { object, entry, revision };
  }
  throw unavailable(
    `the write of ${write.key} met changes to what it depends on ${maxConflictRetries} times; try again`,
  );
}

/**
 * What is stored for an object: its stored version, encoded, and sealed where the kind asks for it; with what watchers want to
 * know before the writer has its answer, so that they need not parse what was just encoded.
 */
function putOf(kind: ServedKind, object: KubernetesObject, write: ObjectWrite): Operation {
  const { key } = write;
  const stored = kind.definition.storage?.convert?.toStored(object) ?? object;
  const { bytes, managedFields } = encodeMarked(stored, write.managedFields);
  const value = kind.transformer ? kind.transformer.seal(bytes, key) : bytes;
  const facts = factsOf(kind, object, write.oldFacts);
  const memo: EntryMemo = { kind, facts, managedFields: kind.plain ? managedFields : undefined };
  return { type: "put", key, value, memo };
}

interface CommitPlan {
  readonly object: KubernetesObject | undefined;
  readonly preconditions: Precondition[];
  readonly operations: Operation[];
}

function plan(machinery: Machinery, request: WriteRequest, write: ObjectWrite): CommitPlan {
  const { kind, dryRun } = request;
  const { key, oldObject } = write;
  let { object } = write;
  const preconditions: Precondition[] = [{ key, modRevision: write.expected }];
  const operations: Operation[] = [];
  let snapshot: Snapshot | undefined;
  for (const participant of machinery.participants) {
    if (!participant.handles(kind.resource)) continue;
    snapshot ??= machinery.store.snapshot();
    const participation = participant.participate({ object, oldObject, dryRun }, snapshot);
    object = participation.object ?? object;
    preconditions.push(...participation.preconditions);
    operations.push(...participation.operations);
  }
  operations.unshift(object ? putOf(kind, object, write) : { type: "delete", key });
  return { object, preconditions, operations };
}
