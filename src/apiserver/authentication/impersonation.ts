import type { Resource } from "#api";
import { badRequest } from "#base";
import { forbiddenError } from "../authorization/forbidden.ts";
import type { Authorizer, RequestAttributes, User } from "../ports.ts";
import { parseServiceAccountUser, serviceAccountGroups } from "../tokens/claims.ts";

type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

/**
 * `kubectl --as`: the user that the `Impersonate-*` headers name, if the asking user may impersonate each part of it;
 * the asking user when there are no such headers. Header names are lower case.
 */
export function impersonate(user: User, headers: Headers, authorizer: Authorizer): User {
  if (!namesAnother(headers)) return user;
  const wanted = wantedUser(headers);
  if (!wanted) return user;
  for (const question of questions(user, wanted)) {
    const decision = authorizer.authorize(question);
    if (decision.verdict !== "allow") throw forbiddenError(question, decision);
  }
  return completed(wanted);
}

/** Hardly any request does, and every request is asked. */
function namesAnother(headers: Headers): boolean {
  for (const header in headers) if (header.startsWith("impersonate-")) return true;
  return false;
}

const extraPrefix = "impersonate-extra-";

function wantedUser(headers: Headers): User | undefined {
  const name = values(headers["impersonate-user"])[0];
  const groups = values(headers["impersonate-group"]);
  const uid = values(headers["impersonate-uid"])[0];
  const extra = Object.keys(headers)
    .filter((header) => header.startsWith(extraPrefix))
    .map(
      (header) => [decodeURIComponent(header.slice(extraPrefix.length)), values(headers[header])] as const,
    );
  if (name)
    return {
      name,
      groups,
      ...(uid ? { uid } : {}),
      ...(extra.length ? { extra: Object.fromEntries(extra) } : {}),
    };
  if (groups.length || uid || extra.length) {
    throw badRequest("requested impersonation of groups, a uid or extra fields without impersonating a user");
  }
  return undefined;
}

/** Node joins repeated headers with a comma and a space; group names hold no commas. */
function values(header: string | readonly string[] | undefined): string[] {
  if (header === undefined) return [];
  const lines = typeof header === "string" ? [header] : header;
  return lines.flatMap((line) => line.split(", ")).filter((value) => value !== "");
}

function questions(user: User, wanted: User): RequestAttributes[] {
  const ask = (
    resource: Resource,
    name: string,
    more: Partial<RequestAttributes> = {},
  ): RequestAttributes => ({
    user,
    verb: "impersonate",
    path: "",
    resource,
    name,
    ...more,
  });
  const account = parseServiceAccountUser(wanted.name);
  return [
    account
      ? ask(pseudo("", "serviceaccounts"), account.name, { namespace: account.namespace })
      : ask(pseudo("", "users"), wanted.name),
    ...wanted.groups.map((group) => ask(pseudo("", "groups"), group)),
    ...(wanted.uid ? [ask(pseudo("authentication.k8s.io", "uids"), wanted.uid)] : []),
    ...Object.entries(wanted.extra ?? {}).flatMap(([key, list]) =>
      list.map((value) => ask(pseudo("authentication.k8s.io", "userextras"), value, { subresource: key })),
    ),
  ];
}

/** Users and groups are no kinds of the API, but roles speak of them as resources. */
function pseudo(group: string, resource: string): Resource {
  return {
    group,
    version: "v1",
    kind: resource,
    resource,
    singular: resource,
    namespaced: resource === "serviceaccounts",
    shortNames: [],
    categories: [],
    verbs: [],
    subresources: [],
  };
}

/** Every user but the anonymous one is authenticated; a service account belongs to its groups. */
function completed(wanted: User): User {
  const account = parseServiceAccountUser(wanted.name);
  const own = account && wanted.groups.length === 0 ? serviceAccountGroups(account.namespace) : [];
  const always = wanted.name === "system:anonymous" ? "system:unauthenticated" : "system:authenticated";
  return { ...wanted, groups: [...new Set([...wanted.groups, ...own, always])] };
}
