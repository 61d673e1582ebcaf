import { badRequest } from "#base";
import type { Catalogue, ServedKind } from "../registry/catalogue.ts";

/** Which objects a path speaks of. */
export interface Route {
  readonly kind: ServedKind;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
  readonly subresource: string | undefined;
  /** What follows the subresource: the path behind `proxy`. */
  readonly rest: string | undefined;
}

/**
 * Reads `/api/V/…` and `/apis/G/V/…`. Undefined when it is not a path of a kind that is served; then it may be a
 * document (discovery, health) or nothing.
 */
export function routeOf(path: string, catalogue: Catalogue): Route | undefined {
  const parts = path.split("/");
  if (parts[1] === "api") return within(parts, 3, "", parts[2] ?? "", catalogue);
  if (parts[1] === "apis") return within(parts, 4, parts[2] ?? "", parts[3] ?? "", catalogue);
  return undefined;
}

function within(
  parts: string[],
  start: number,
  group: string,
  version: string,
  catalogue: Catalogue,
): Route | undefined {
  if (parts.at(-1) === "") parts.pop();
  let at = start;
  let namespace: string | undefined;
  const third = parts[at + 2];
  if (parts[at] === "namespaces" && third !== undefined && !namespaceSubresources.has(third)) {
    namespace = decodePart(parts[at + 1]);
    at += 2;
  }
  const resource = parts[at];
  if (!resource) return undefined;
  const kind = catalogue.find(group, version, resource);
  if (!kind) return undefined;
  // Who may do something in a namespace must not reach by it what is in none.
  if (namespace !== undefined && !kind.resource.namespaced) return undefined;
  const name = decodePart(parts[at + 1]);
  if (namespace === "" || name === "") return undefined;
  const own = resource === "namespaces" && group === "" ? name : undefined;
  return {
    kind,
    namespace: namespace ?? own,
    name,
    subresource: parts[at + 2],
    rest: parts.length > at + 3 ? parts.slice(at + 3).join("/") : undefined,
  };
}

/** Below `/namespaces/NAME/`, these are subresources of the namespace; anything else is a resource inside it. */
const namespaceSubresources: ReadonlySet<string> = new Set(["status", "finalize"]);

function decodePart(part: string | undefined): string | undefined {
  if (part === undefined || !part.includes("%")) return part;
  const decoded = percentDecoded(part);
  // No name has one, and keys of the store are made of names with slashes between them.
  if (decoded.includes("/"))
    throw badRequest(`${JSON.stringify(decoded)} is no name: it may not contain '/'`);
  return decoded;
}

function percentDecoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch (error) {
    throw badRequest(`the path segment ${JSON.stringify(part)} is not valid percent-encoding`, error);
  }
}
