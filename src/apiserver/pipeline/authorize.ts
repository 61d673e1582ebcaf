import { forbiddenError } from "../authorization/forbidden.ts";
import type { RequestAttributes } from "../ports.ts";
import type { Parts } from "./parts.ts";

/** Throws Forbidden unless the user may do what the request is about. */
export function authorize({ authorizer }: Pick<Parts, "authorizer">, attributes: RequestAttributes): void {
  const decision = authorizer.authorize(attributes);
  if (decision.verdict !== "allow") throw forbiddenError(attributes, decision);
}

/** A PUT or an apply that finds nothing is a create: the right to change does not include it. */
export function authorizeCreate(
  parts: Pick<Parts, "authorizer">,
  { attributes }: { readonly attributes: RequestAttributes },
): void {
  authorize(parts, { ...attributes, verb: "create" });
}
