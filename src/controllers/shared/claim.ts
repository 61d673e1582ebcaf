import type { KubernetesObject, OwnerReference, Resource, Selector } from "#api";
import { apiVersionOf } from "#api";
import { isNotFound } from "#base";
import type { Client } from "#client";

/** Which of the candidates belong to an owner, and what must be written so that their references say the same. */
export interface Claim<T> {
  /** Those the owner controls, adopted ones included. */
  readonly owned: readonly T[];
  /** Orphans that match: they get a controller reference. */
  readonly adopt: readonly T[];
  /** Controlled ones that match no more: they lose their reference. */
  readonly release: readonly T[];
}

/**
 * Sorts candidates by controller reference and selector. An owner that is being deleted neither adopts nor
 * releases; an object that is being deleted is not adopted.
 */
export function claim<T extends KubernetesObject>(
  owner: KubernetesObject,
  selector: Selector,
  candidates: Iterable<T>,
): Claim<T> {
  const owned: T[] = [];
  const adopt: T[] = [];
  const release: T[] = [];
  const isOwnerLeaving = owner.metadata?.deletionTimestamp !== undefined;
  for (const candidate of candidates) {
    const controller = controllerOf(candidate);
    const isMatch = selector.matches(candidate.metadata?.labels);
    if (controller) {
      if (controller.uid !== owner.metadata?.uid) continue;
      if (isMatch || isOwnerLeaving) owned.push(candidate);
      else release.push(candidate);
    } else if (isMatch && !isOwnerLeaving && !candidate.metadata?.deletionTimestamp) {
      adopt.push(candidate);
      owned.push(candidate);
    }
  }
  return { owned, adopt, release };
}

/** The one owner that controls the object. */
export function controllerOf(object: KubernetesObject): OwnerReference | undefined {
  return object.metadata?.ownerReferences?.find((reference) => reference.controller);
}

/** A reference that makes `owner` the controller: the owner's deletion deletes the object, and waits for it when asked. */
export function controllerReference(resource: Resource, owner: KubernetesObject): OwnerReference {
  return {
    apiVersion: apiVersionOf(resource),
    kind: resource.kind,
    name: owner.metadata?.name ?? "",
    uid: owner.metadata?.uid ?? "",
    controller: true,
    blockOwnerDeletion: true,
  };
}

export interface ClaimWriter<T extends KubernetesObject> {
  readonly client: Client;
  readonly ownerResource: Resource;
  readonly owner: KubernetesObject;
  readonly resource: Resource<T>;
  /** What holds every object that is adopted, besides what holds it already. */
  readonly finalizers?: readonly string[];
}

/** Writes the references that a claim found wanting. Throws when the owner was replaced by another of its name meanwhile. */
export async function applyClaim<T extends KubernetesObject>(
  { client, ownerResource, owner, resource, finalizers = [] }: ClaimWriter<T>,
  { adopt, release }: Pick<Claim<T>, "adopt" | "release">,
): Promise<void> {
  if (adopt.length > 0) await assertOwnerLives(client, ownerResource, owner);
  const reference = controllerReference(ownerResource, owner);
  const adopted = finalizers.length > 0 ? { finalizers } : {};
  const write = (object: T, ownerReferences: readonly object[], more: object = {}) =>
    client
      .resource(resource, object.metadata?.namespace)
      .patch(object.metadata?.name ?? "", {
        type: "strategic",
        patch: { metadata: { uid: object.metadata?.uid, ownerReferences, ...more } },
      })
      .catch((error) => {
        if (!isNotFound(error)) throw error;
      });
  await Promise.all([
    ...adopt.map((object) => write(object, [reference], adopted)),
    ...release.map((object) => write(object, [{ $patch: "delete", uid: reference.uid }])),
  ]);
}

/** The cache may be behind: an owner that is going must not adopt what would then be deleted with it. */
async function assertOwnerLives(client: Client, resource: Resource, owner: KubernetesObject): Promise<void> {
  const { name = "", namespace, uid } = owner.metadata ?? {};
  const fresh = await client.resource(resource, namespace).get(name);
  if (fresh.metadata?.uid !== uid) throw new Error(`${resource.kind} ${name} was replaced by another`);
  if (fresh.metadata?.deletionTimestamp) throw new Error(`${resource.kind} ${name} is being deleted`);
}
