import type { KindDefinition, Resource } from "#api";

/** Where every key of the API begins. */
const root = "/registry";

/** `/registry/apps/deployments/`: before every key of a kind. The core group is written `core`. */
export function prefixOf(storage: { readonly group: string; readonly resource: string }): string {
  return `${root}/${storage.group || "core"}/${storage.resource}/`;
}

/** `/registry/core/pods/shop/web-1`; without the namespace for cluster-scoped kinds. */
export function keyOf(
  storage: { readonly group: string; readonly resource: string },
  name: string,
  namespace?: string,
): string {
  return namespace ? `${prefixOf(storage)}${namespace}/${name}` : `${prefixOf(storage)}${name}`;
}

/** Where a kind's objects are stored: by its definition, or its own name. */
export function storageOf(definition: KindDefinition): Pick<Resource, "group" | "resource"> {
  return definition.storage ?? definition.resource;
}
