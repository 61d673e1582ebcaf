import { ApiError, unauthorized } from "#base";
import { anonymousFor } from "../authentication/authenticator.ts";
import { impersonate } from "../authentication/impersonation.ts";
import type { RequestAttributes, User } from "../ports.ts";
import { Slice } from "../registry/slice.ts";
import { errorAnswer } from "./answers.ts";
import { authorize } from "./authorize.ts";
import type { Answer, Exchange } from "./exchange.ts";
import { answerObjects, methodNotAllowed } from "./objects.ts";
import type { Parts } from "./parts.ts";
import { formOf } from "./request.ts";
import { type Route, routeOf } from "./route.ts";
import { parseTarget, type Target } from "./target.ts";
import { verbOf } from "./verbs.ts";

/**
 * Answers one request, whatever happens:
 *
 *   authenticate → authorize → (admit → registry → store) or a document, a watch, a conversation
 */
export async function handle(parts: Parts, exchange: Exchange): Promise<Answer> {
  try {
    return await answer(parts, exchange);
  } catch (error) {
    return errorAnswer(error, parts.logger);
  }
}

async function answer(parts: Parts, exchange: Exchange): Promise<Answer> {
  const target = parseTarget(exchange.target);
  const user = await userOf(parts, exchange, target);
  const route = routeOf(target.path, parts.machinery.catalogue);
  const attributes = attributesOf(exchange, target, user, route);
  authorize(parts, attributes);
  const handler = mayConverse(attributes) && parts.streams.find((each) => each.handles(attributes));
  if (handler) return { type: "handOver", handler, attributes, query: target.query };
  if (route && !attributes.resource) throw methodNotAllowed();
  if (!route || !attributes.resource) return answerDocument(parts, exchange, target);

  const weight = writingVerbs.has(attributes.verb) ? "write" : "read";
  let place = parts.inFlight.enter(weight);
  const slice = new Slice(parts.machinery.clock);
  const readBody = async () => {
    place.stepOut();
    const upload = parts.inFlight.enter("upload");
    const body = await exchange.readBody().finally(() => upload.leave());
    place = parts.inFlight.enter(weight);
    slice.restart();
    return body;
  };
  try {
    const { query } = target;
    const resource = attributes.resource;
    return await answerObjects(parts, {
      exchange: { ...exchange, readBody },
      query,
      route,
      attributes: { ...attributes, resource },
      form: formOf(exchange),
      slice,
    });
  } finally {
    place.leave();
  }
}

async function userOf(parts: Parts, exchange: Exchange, { path }: Target): Promise<User> {
  if (exchange.user) return exchange.user;
  const user = (await parts.authenticator.authenticate(exchange.credentials())) ?? anonymousFor(path);
  if (!user) throw unauthorized();
  return impersonate(user, exchange.headers, parts.authorizer);
}

function attributesOf(
  exchange: Exchange,
  { path, query }: Target,
  user: User,
  route: Route | undefined,
): RequestAttributes {
  const verb = route && verbOf(exchange.method, route, query);
  if (!route || !verb) return { user, path, verb: exchange.method.toLowerCase() };
  const { kind, namespace, name, subresource } = route;
  // Selectors of other verbs mean nothing: they must not lead a role with resource names to allow anything.
  const fieldSelector = selectingVerbs.has(verb) ? query.get("fieldSelector") : undefined;
  const labelSelector = selectingVerbs.has(verb) ? query.get("labelSelector") : undefined;
  const asked = name ?? (fieldSelector ? selectedName(fieldSelector) : undefined);
  return {
    user,
    verb,
    path,
    resource: kind.resource,
    ...(namespace === undefined ? {} : { namespace }),
    ...(asked === undefined ? {} : { name: asked }),
    ...(subresource === undefined ? {} : { subresource }),
    ...(fieldSelector ? { fieldSelector } : {}),
    ...(labelSelector ? { labelSelector } : {}),
  };
}

/** The one object that a field selector names: what a role with resource names may list and watch. */
function selectedName(fieldSelector: string): string | undefined {
  return /(?:^|,)metadata\.name==?([^,\\]+)(?:,|$)/.exec(fieldSelector)?.[1];
}

/** Whole objects are no conversations: most requests need not ask around. */
function mayConverse({ resource, subresource }: RequestAttributes): boolean {
  return !resource || subresource !== undefined;
}

async function answerDocument(parts: Parts, exchange: Exchange, target: Target): Promise<Answer> {
  if (exchange.method === "GET" || exchange.method === "HEAD") {
    for (const document of parts.documents) {
      const found = await document.answer(target.path, exchange, target.query);
      if (found) return found;
    }
  }
  throw new ApiError("NotFound", "the server could not find the requested resource", { details: {} });
}

const selectingVerbs: ReadonlySet<string> = new Set(["list", "watch", "deletecollection"]);

const writingVerbs: ReadonlySet<string> = new Set([
  "create",
  "update",
  "patch",
  "delete",
  "deletecollection",
]);
