import { ApiError } from "#base";
import { deleteCollection, deleteOne } from "./delete.ts";
import type { Answer } from "./exchange.ts";
import type { Parts } from "./parts.ts";
import { patch } from "./patch.ts";
import { getObject, listObjects, watchObjects } from "./read.ts";
import type { ObjectRequest } from "./request.ts";
import type { Route } from "./route.ts";
import { act, expectedAs, readView, writeView } from "./subresources.ts";
import { isServed } from "./verbs.ts";
import { create, update } from "./write.ts";

/** Answers a request for objects: one function per verb, and per sort of subresource. */
export function answerObjects(parts: Parts, request: ObjectRequest): Answer | Promise<Answer> {
  const { route, attributes } = request;
  if (isBeyond(route)) throw new ApiError("NotFound", "the server could not find the requested resource");
  if (!isServed(route, attributes.verb)) throw methodNotAllowed();
  if (route.subresource !== undefined) return answerSubresource(parts, request, route.subresource);
  const { definition } = route.kind;
  switch (attributes.verb) {
    case "get":
      return getObject(parts, request);
    case "list":
      return listObjects(parts, request);
    case "watch":
      return watchObjects(parts, request);
    case "create":
      return isAnswered(request) ? act(parts, request, expectedOfKind(request)) : create(parts, request);
    case "update":
      return update(parts, request, definition);
    case "patch":
      return patch(parts, request, definition);
    case "delete":
      return deleteOne(parts, request);
    case "deletecollection":
      return deleteCollection(parts, request);
    default:
      throw methodNotAllowed();
  }
}

function answerSubresource(parts: Parts, request: ObjectRequest, name: string): Answer | Promise<Answer> {
  const { verb } = request.attributes;
  const subresource = request.route.kind.definition.subresources[name];
  switch (subresource?.type) {
    case "part":
      if (verb === "get") return getObject(parts, request);
      if (verb === "update") return update(parts, request, subresource);
      if (verb === "patch") return patch(parts, request, subresource);
      break;
    case "view":
      if (verb === "get") return readView(parts, request, subresource);
      if (verb === "update" || verb === "patch") return writeView(parts, request, subresource);
      break;
    case "action":
      if (verb === "create") return act(parts, request, expectedAs(subresource));
  }
  throw methodNotAllowed();
}

/** What follows a subresource is for conversations (`proxy`); subresources that a kind does not have do not exist. */
function isBeyond({ kind, subresource, rest }: Route): boolean {
  return (
    subresource !== undefined &&
    (rest !== undefined || !Object.hasOwn(kind.definition.subresources, subresource))
  );
}

/** Kinds that can only be created are answered and not kept: reviews, bindings. */
function isAnswered({ route: { kind } }: ObjectRequest): boolean {
  const { verbs } = kind.resource;
  return kind.definition.storage === undefined || (verbs.length === 1 && verbs[0] === "create");
}

function expectedOfKind({ route: { kind } }: ObjectRequest): ReturnType<typeof expectedAs> {
  return { kind: kind.resource.kind, apiVersion: kind.apiVersion, schema: kind.schema };
}

/** The path exists, the verb does not. */
export function methodNotAllowed(): ApiError {
  return new ApiError("MethodNotAllowed", "the server does not allow this method on the requested resource");
}
