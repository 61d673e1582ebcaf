import type { OwnerReference } from "#api";
import type { GraphNode } from "./graph.ts";

/** What is known of an owner that a reference names. */
export type OwnerState =
  /** It exists. */
  | "solid"
  /** It exists, and waits for its dependents to go first. */
  | "waiting"
  /** It does not exist (any more). */
  | "absent";

export interface CollectionWorld {
  readonly node: GraphNode;
  readonly dependents: readonly GraphNode[];
  readonly ownerState: (reference: OwnerReference) => OwnerState;
}

export type CollectionPlan =
  | { readonly type: "nothing" }
  /** Take the references to these owners away from the object. */
  | { readonly type: "disown"; readonly owners: readonly string[] }
  | { readonly type: "delete"; readonly policy: "Background" | "Foreground" }
  /** Take the object's own reference away from its dependents, then let it go. */
  | { readonly type: "orphan"; readonly dependents: readonly GraphNode[] }
  /** The object waits for dependents: these are still to be deleted. */
  | { readonly type: "await"; readonly dependents: readonly GraphNode[] }
  /** Nothing that blocks is left: take the finalizer away. */
  | { readonly type: "release" };

/**
 * What becomes of one object. It lives as long as one owner lives; what is left of it then depends on how that owner was deleted.
 *
 *     deleting + orphan finalizer      ──► orphan its dependents, go
 *     deleting + foreground finalizer  ──► its blocking dependents go first, then it
 *     no owner                         ──► nothing
 *     an owner lives                   ──► drop references to those that do not
 *     an owner waits for it            ──► delete, in the foreground when it has dependents of its own
 *     all owners are absent            ──► delete in the background
 */
export function decide({ node, dependents, ownerState }: CollectionWorld): CollectionPlan {
  if (node.orphansDependents) return { type: "orphan", dependents };
  if (node.awaitsDependents) return awaiting(node, dependents);
  if (node.isDeleting || node.owners.length === 0) return { type: "nothing" };
  const states = node.owners.map((reference) => ({ reference, state: ownerState(reference) }));
  const gone = states.filter(({ state }) => state !== "solid").map(({ reference }) => reference.uid);
  if (gone.length < node.owners.length) {
    return gone.length > 0 ? { type: "disown", owners: gone } : { type: "nothing" };
  }
  const isAwaited = states.some(({ state }) => state === "waiting");
  return { type: "delete", policy: isAwaited && dependents.length > 0 ? "Foreground" : "Background" };
}

function awaiting(node: GraphNode, dependents: readonly GraphNode[]): CollectionPlan {
  const isBlocking = ({ owners }: GraphNode) =>
    owners.some(({ uid, blockOwnerDeletion }) => uid === node.uid && blockOwnerDeletion === true);
  if (!dependents.some(isBlocking)) return { type: "release" };
  return { type: "await", dependents: dependents.filter(({ isDeleting }) => !isDeleting) };
}
