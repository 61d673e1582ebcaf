import type { ServedKind } from "../registry/catalogue.ts";
import type { Route } from "./route.ts";
import { flag } from "./target.ts";

/** What a method means on a path, in the words of authorization: `list`, `deletecollection`, … Undefined: nothing. */
export function verbOf(method: string, route: Route, query: URLSearchParams): string | undefined {
  switch (method) {
    case "GET":
    case "HEAD":
      if (flag(query, "watch") && !route.subresource) return "watch";
      return route.name === undefined ? "list" : "get";
    case "POST":
      return "create";
    case "PUT":
      return "update";
    case "PATCH":
      return "patch";
    case "DELETE":
      return route.name === undefined ? "deletecollection" : "delete";
    default:
      return undefined;
  }
}

/** Whether the kind, or its subresource, is served with this verb at this path. */
export function isServed(route: Route, verb: string): boolean {
  const { kind, name, namespace, subresource } = route;
  if (subresource !== undefined) return name !== undefined && hasSubresource(kind, subresource);
  if (!kind.resource.verbs.includes(verb)) return false;
  const { namespaced } = kind.resource;
  const isCollection = name === undefined;
  if (isCollection !== collectionVerbs.has(verb) && verb !== "watch") return false;
  if (!isCollection && namespaced && namespace === undefined) return false;
  if (isCollection && namespaced && namespace === undefined) {
    return verb === "list" || verb === "watch" || kind.resource.verbs.length === 1;
  }
  return true;
}

const collectionVerbs: ReadonlySet<string> = new Set(["list", "create", "deletecollection"]);

function hasSubresource(kind: ServedKind, name: string): boolean {
  return Object.hasOwn(kind.definition.subresources, name);
}
