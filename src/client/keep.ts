import type { KubernetesObject } from "#api";

/** What an informer keeps of each object. */
export interface Kept<T> {
  /** The server sends no more than metadata. */
  readonly projection?: "metadata";
  /**
   * Makes a new object of what its readers need: name, namespace, uid and resource version at least, and all of its metadata where
   * `metadataOf` may share it. All of it unless given.
   */
  readonly keep?: (object: T) => T;
}

/** What is kept of an object, built anew: in V8, one from which a field was deleted takes several times the memory. */
export function keptOf<T extends KubernetesObject>(object: T, { projection, keep }: Kept<T>): T {
  // A watch leaves them out already: then no copy is made only to take them off.
  if (keep && object.metadata?.managedFields === undefined) return keep(object);
  const { managedFields: _, ...metadata } = object.metadata ?? {};
  if (projection === "metadata") return { apiVersion: object.apiVersion, kind: object.kind, metadata } as T;
  const all: T = { ...object, metadata };
  return keep ? keep(all) : all;
}

/** Of an object the named fields that it has. */
export function only<T extends object, F extends keyof T>(object: T, fields: readonly F[]): Pick<T, F> {
  const some: Partial<Pick<T, F>> = {};
  for (const field of fields) if (object[field] !== undefined) some[field] = object[field];
  return some as Pick<T, F>;
}
