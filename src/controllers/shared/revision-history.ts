import { type ControllerRevision, controllerRevisions, jsonEqual, type Resource } from "#api";
import { isAlreadyExists, isNotFound } from "#base";
import type { Client } from "#client";
import { controllerOf } from "./claim.ts";
import { patchStatus } from "./patch-status.ts";
import type { Revised, RevisionPlan } from "./revisions.ts";

export interface HistoryWriter<T extends Revised> {
  readonly client: Client;
  readonly resource: Resource<T>;
  readonly owner: T;
}

/** Does what a plan says; the revision as it is then. Throws when its name is taken by another: the next look finds another name. */
export async function applyRevision<T extends Revised>(
  { client, resource, owner }: HistoryWriter<T>,
  { revision, change }: RevisionPlan,
): Promise<ControllerRevision> {
  const { name = "", namespace, uid } = revision.metadata ?? {};
  const api = client.resource(controllerRevisions, namespace);
  if (change === "none") return revision;
  if (change === "renumber") {
    const patch = { metadata: { uid }, revision: revision.revision };
    return api.patch(name, { type: "merge", patch });
  }
  try {
    return await api.create(revision);
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
    const there = await api.get(name);
    const isOurs = controllerOf(there)?.uid === owner.metadata?.uid;
    if (isOurs && jsonEqual(there.data ?? {}, revision.data ?? {})) return there;
    const collisionCount = (owner.status?.collisionCount ?? 0) + 1;
    await patchStatus(client, resource, owner, { ...owner.status, collisionCount });
    throw error;
  }
}

export async function removeRevisions(
  client: Client,
  revisions: readonly ControllerRevision[],
): Promise<void> {
  const remove = async ({ metadata }: ControllerRevision) => {
    const { name = "", namespace, uid = "" } = metadata ?? {};
    const api = client.resource(controllerRevisions, namespace);
    await api.delete(name, { preconditions: { uid } }).catch((error) => {
      if (!isNotFound(error)) throw error;
    });
  };
  await Promise.all(revisions.map(remove));
}
