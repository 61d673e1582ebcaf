import { ApiError, forbidden } from "#base";
import type { Decision, RequestAttributes } from "../ports.ts";

/** The refusal in Kubernetes' own words, which scripts and people look for. */
export function forbiddenError(attributes: RequestAttributes, decision: Decision): ApiError {
  const what = decision.reason ? `${describe(attributes)}: ${decision.reason}` : describe(attributes);
  const { resource, name } = attributes;
  if (!resource) return new ApiError("Forbidden", `forbidden: ${what}`);
  return forbidden({ resource: resource.resource, group: resource.group, ...(name ? { name } : {}) }, what);
}

function describe(attributes: RequestAttributes): string {
  const { user, verb, resource, namespace, subresource, path } = attributes;
  if (!resource) return `User "${user.name}" cannot ${verb} path "${path}"`;
  const full = subresource ? `${resource.resource}/${subresource}` : resource.resource;
  const where = namespace ? `in the namespace "${namespace}"` : "at the cluster scope";
  return `User "${user.name}" cannot ${verb} resource "${full}" in API group "${resource.group}" ${where}`;
}
