import type { JsonObject } from "../json.ts";
import type { Resource, Subresource } from "../resource.ts";
import { typeOf } from "../schema/built-in.ts";
import {
  deleteCollectionParameters,
  deleteParameters,
  listParameters,
  nameParameter,
  namespaceParameter,
  optionParameters,
  type Parameter,
  patchParameters,
  pathParameter,
  pretty,
  writeParameters,
} from "./parameters.ts";
import { schemaName, schemaRef } from "./schemas.ts";

/** One thing that can be asked of one path, before its document is written. */
export interface Operation {
  readonly path: string;
  readonly method: "get" | "put" | "post" | "delete" | "options" | "head" | "patch";
  readonly id: string;
  readonly action: string | undefined;
  /** The kind that is spoken of. */
  readonly kind: { readonly group: string; readonly version: string; readonly kind: string } | undefined;
  readonly parameters: readonly Parameter[];
  /** Types by full name; `text` is a plain string. */
  readonly body: { readonly type: string; readonly required: boolean } | undefined;
  readonly answer: string;
  /** HTTP codes of success. */
  readonly codes: readonly number[];
  readonly streams: boolean;
}

/** `apps` → `Apps`, `rbac.authorization.k8s.io` → `RbacAuthorization`, core → `Core`. */
export function groupWord(group: string): string {
  if (group === "") return "Core";
  return group
    .replace(/\.k8s\.io$/, "")
    .split(".")
    .map(upperFirst)
    .join("");
}

/** Every operation of a resource of a built-in group, its subresources and deprecated watch paths included. */
export function operationsOf(resource: Resource): Operation[] {
  const at = placeOf(resource);
  const list: Operation[] = [];
  const verbs = new Set(resource.verbs);
  if (verbs.has("deletecollection")) list.push(deleteCollection(at));
  if (verbs.has("list")) list.push(listOperation(at));
  if (verbs.has("create")) list.push(create(at));
  if (verbs.has("delete")) list.push(deleteOne(at));
  for (const verb of ["get", "patch", "update"] as const) {
    if (verbs.has(verb)) list.push(objectOperation(at, verb, undefined));
  }
  for (const subresource of resource.subresources) list.push(...subresourceOperations(at, subresource));
  if (resource.namespaced && verbs.has("list")) list.push(listEverywhere(at));
  if (verbs.has("watch")) list.push(...watches(at));
  return list;
}

interface Place {
  readonly resource: Resource;
  readonly type: string;
  /** `/apis/apps/v1`. */
  readonly root: string;
  /** `/apis/apps/v1/namespaces/{namespace}/deployments`. */
  readonly collection: string;
  /** `AppsV1`. */
  readonly prefix: string;
  /** `NamespacedDeployment`. */
  readonly noun: string;
  readonly scope: readonly Parameter[];
}

function placeOf(resource: Resource): Place {
  const root = resource.group ? `/apis/${resource.group}/${resource.version}` : `/api/${resource.version}`;
  return {
    resource,
    type: typeNamed(resource),
    root,
    collection: `${root}/${resource.namespaced ? "namespaces/{namespace}/" : ""}${resource.resource}`,
    prefix: groupWord(resource.group) + upperFirst(resource.version),
    noun: (resource.namespaced ? "Namespaced" : "") + resource.kind,
    scope: resource.namespaced ? [namespaceParameter] : [],
  };
}

function base(at: Place): Pick<Operation, "kind" | "streams"> {
  const { group, version, kind } = at.resource;
  return { kind: { group, version, kind }, streams: false };
}

function listOperation(at: Place): Operation {
  return {
    ...base(at),
    path: at.collection,
    method: "get",
    id: `list${at.prefix}${at.noun}`,
    action: "list",
    parameters: [...at.scope, pretty, ...listParameters],
    body: undefined,
    answer: `${at.type}List`,
    codes: [200],
    streams: true,
  };
}

function listEverywhere(at: Place): Operation {
  return {
    ...listOperation(at),
    path: `${at.root}/${at.resource.resource}`,
    id: `list${at.prefix}${at.resource.kind}ForAllNamespaces`,
    parameters: [pretty, ...listParameters],
  };
}

function create(at: Place): Operation {
  return {
    ...base(at),
    path: at.collection,
    method: "post",
    id: `create${at.prefix}${at.noun}`,
    action: "post",
    parameters: [...at.scope, pretty, ...writeParameters],
    body: { type: at.type, required: true },
    answer: at.type,
    codes: [200, 201, 202],
  };
}

function deleteOne(at: Place): Operation {
  return {
    ...base(at),
    path: `${at.collection}/{name}`,
    method: "delete",
    id: `delete${at.prefix}${at.noun}`,
    action: "delete",
    parameters: [nameParameter, ...at.scope, pretty, ...deleteParameters],
    body: { type: "meta.v1.DeleteOptions", required: false },
    answer: at.resource.returnsDeleted ? at.type : "meta.v1.Status",
    codes: [200, 202],
  };
}

function deleteCollection(at: Place): Operation {
  return {
    ...deleteOne(at),
    path: at.collection,
    id: `delete${at.prefix}Collection${at.noun}`,
    action: "deletecollection",
    parameters: [...at.scope, pretty, ...deleteCollectionParameters],
    answer: "meta.v1.Status",
    codes: [200],
  };
}

/** Get, patch or update of an object, or of a view of it. */
function objectOperation(
  at: Place,
  verb: "get" | "patch" | "update",
  subresource: Subresource | undefined,
): Operation {
  const type = subresource ? typeNamed(subresource) : at.type;
  const suffix = subresource ? upperFirst(subresource.name) : "";
  const shared = {
    streams: false,
    kind: kindOf(subresource ?? at.resource),
    path: `${at.collection}/{name}${subresource ? `/${subresource.name}` : ""}`,
    answer: type,
  };
  const where = [nameParameter, ...at.scope, pretty];
  const name = `${at.prefix}${at.noun}${suffix}`;
  switch (verb) {
    case "get":
      return {
        ...shared,
        method: "get",
        id: `read${name}`,
        action: "get",
        parameters: where,
        body: undefined,
        codes: [200],
      };
    case "patch":
      return {
        ...shared,
        method: "patch",
        id: `patch${name}`,
        action: "patch",
        parameters: [...where, ...patchParameters],
        body: { type: "Patch", required: true },
        codes: [200, 201],
      };
    case "update":
      return {
        ...shared,
        method: "put",
        id: `replace${name}`,
        action: "put",
        parameters: [...where, ...writeParameters],
        body: { type, required: true },
        codes: [200, 201],
      };
  }
}

function subresourceOperations(at: Place, subresource: Subresource): Operation[] {
  if (subresource.kind.endsWith("Options")) return connects(at, subresource);
  if (subresource.name === "log") return [readLog(at, subresource)];
  return subresource.verbs.flatMap((verb): Operation[] => {
    if (verb === "create") return [postTo(at, subresource)];
    return verb === "get" || verb === "patch" || verb === "update"
      ? [objectOperation(at, verb, subresource)]
      : [];
  });
}

function postTo(at: Place, subresource: Subresource): Operation {
  const type = typeNamed(subresource);
  return {
    ...create(at),
    kind: kindOf(subresource),
    path: `${at.collection}/{name}/${subresource.name}`,
    id: `create${at.prefix}${at.noun}${upperFirst(subresource.name)}`,
    parameters: [nameParameter, ...at.scope, pretty, ...writeParameters],
    body: { type, required: true },
    answer: type,
  };
}

function readLog(at: Place, subresource: Subresource): Operation {
  const read = objectOperation(at, "get", subresource);
  return {
    ...read,
    parameters: [...read.parameters, ...optionParameters("core.v1.PodLogOptions")],
    answer: "text",
  };
}

/** Streams and proxies: whatever methods they take, they answer with text. */
function connects(at: Place, subresource: Subresource): Operation[] {
  const isProxy = subresource.name === "proxy";
  const methods = isProxy
    ? (["delete", "get", "head", "options", "patch", "post", "put"] as const)
    : (["get", "post"] as const);
  const options = optionParameters(typeNamed(subresource));
  return (isProxy ? ["", "/{path}"] : [""]).flatMap((rest) =>
    methods.map(
      (method): Operation => ({
        path: `${at.collection}/{name}/${subresource.name}${rest}`,
        method,
        id: `connect${at.prefix}${upperFirst(method)}${at.noun}${upperFirst(subresource.name)}${rest ? "WithPath" : ""}`,
        action: "connect",
        kind: kindOf(subresource),
        parameters: [nameParameter, ...at.scope, ...(rest ? [pathParameter] : []), ...options],
        body: undefined,
        answer: "text",
        codes: [200],
        streams: false,
      }),
    ),
  );
}

/** The paths under `/watch`, which Kubernetes keeps although lists watch too. */
function watches(at: Place): Operation[] {
  const root = `${at.root}/watch`;
  const { namespaced, kind, resource } = at.resource;
  const collection = `${root}/${namespaced ? "namespaces/{namespace}/" : ""}${resource}`;
  const watch = (path: string, id: string, action: string, where: readonly Parameter[]): Operation => ({
    ...listOperation(at),
    path,
    id: `watch${at.prefix}${id}`,
    action,
    parameters: [...where, pretty, ...listParameters],
    answer: "meta.v1.WatchEvent",
  });
  return [
    watch(collection, `${at.noun}List`, "watchlist", at.scope),
    watch(`${collection}/{name}`, at.noun, "watch", [nameParameter, ...at.scope]),
    ...(namespaced ? [watch(`${root}/${resource}`, `${kind}ListForAllNamespaces`, "watchlist", [])] : []),
  ];
}

function typeNamed(kind: {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}): string {
  const type = typeOf(kind);
  if (type === undefined) throw new Error(`no type for ${kind.kind} of ${kind.group}/${kind.version}`);
  return type;
}

function kindOf({
  group,
  version,
  kind,
}: {
  group: string;
  version: string;
  kind: string;
}): Operation["kind"] {
  return { group, version, kind };
}

export function upperFirst(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}

/** The schema of what a body or an answer holds. */
export function contentSchema(type: string): JsonObject {
  return type === "text" ? { type: "string" } : schemaRef(schemaName(type));
}
