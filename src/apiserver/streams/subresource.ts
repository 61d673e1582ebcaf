import { pods } from "#api";
import { ApiError } from "#base";
import { forbiddenError } from "../authorization/forbidden.ts";
import type { Authorizer, RequestAttributes, StreamRequest } from "../ports.ts";

export function isPodSubresource({ resource, subresource }: RequestAttributes, name: string): boolean {
  return subresource === name && resource?.resource === pods.resource && resource.group === pods.group;
}

/**
 * A WebSocket begins with GET, whose verb is `get`; but running commands and reaching ports needs `create`, as it does
 * with POST.
 */
export function mustBeAllowedToCreate({ attributes }: StreamRequest, authorizer: Authorizer): void {
  const create: RequestAttributes = { ...attributes, verb: "create" };
  const decision = authorizer.authorize(create);
  if (decision.verdict !== "allow") throw forbiddenError(create, decision);
}

/** Answers a plain request to what only speaks over an upgraded connection. */
export function upgradeRequired(what: string): ApiError {
  return new ApiError("BadRequest", `Upgrade request required: ${what} speaks WebSocket over HTTP/1.1`);
}
