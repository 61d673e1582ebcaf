import type { ObjectMeta } from "./object.ts";

/** Anything the API stores: it has a kind, a version and metadata. */
export interface KubernetesObject {
  apiVersion?: string;
  kind?: string;
  metadata?: ObjectMeta;
}

/**
 * The name of a kind as a value: where it is served and, in its type, what it holds. Generated, one per kind
 * (`pods`, `deployments`, …), so that `client.resource(pods)` knows it speaks of `Pod`.
 */
export interface Resource<T extends KubernetesObject = KubernetesObject> {
  /** API group; empty for the core group. */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  /** Plural, lower case, as in the path: `deployments`. */
  readonly resource: string;
  readonly singular: string;
  readonly namespaced: boolean;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  /** What may be asked of it: `create`, `get`, `list`, … */
  readonly verbs: readonly string[];
  readonly subresources: readonly Subresource[];
  /** Deleting answers with the object instead of a Status. */
  readonly returnsDeleted?: true;
  /** Never set: carries the type. */
  readonly object?: T;
}

/** A view or an action below an object, with the kind it speaks: `scale` speaks `autoscaling/v1 Scale`. */
export interface Subresource {
  readonly name: string;
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly verbs: readonly string[];
}

/** `apps/v1`, or `v1` for the core group. */
export function apiVersionOf(resource: Pick<Resource, "group" | "version">): string {
  return resource.group ? `${resource.group}/${resource.version}` : resource.version;
}

/** The path of a collection, object or subresource, without host: `/apis/apps/v1/namespaces/shop/deployments/web/scale`. */
export function pathOf(
  resource: Pick<Resource, "group" | "version" | "resource" | "namespaced">,
  at: { namespace?: string; name?: string; subresource?: string } = {},
): string {
  const root = resource.group ? `/apis/${resource.group}/${resource.version}` : `/api/${resource.version}`;
  const scope = resource.namespaced && at.namespace ? `/namespaces/${encodeURIComponent(at.namespace)}` : "";
  const name = at.name === undefined ? "" : `/${encodeURIComponent(at.name)}`;
  return `${root}${scope}/${resource.resource}${name}${at.subresource ? `/${at.subresource}` : ""}`;
}
