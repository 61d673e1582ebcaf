import { problem } from "../http/problem.ts";
import type { Access, Principal } from "./principal.ts";

/** Throws a problem 403 that says what is missing, unless `principal` may. */
export function authorize(
  { scopes = [], policy }: Access,
  principal: Principal,
  params: Readonly<Record<string, string>>,
): void {
  const missing = scopes.filter((scope) => !principal.scopes.has(scope));
  if (missing.length > 0) {
    throw problem(403, `the token lacks the scope${missing.length > 1 ? "s" : ""} ${missing.join(" ")}`, {
      headers: { "www-authenticate": `Bearer error="insufficient_scope", scope="${scopes.join(" ")}"` },
    });
  }
  const why = policy?.(principal, params);
  if (why !== undefined) throw problem(403, why);
}
