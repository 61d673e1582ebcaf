import assert from "node:assert/strict";
import { test } from "node:test";
import { isForbidden } from "#base";
import type { Authorizer, RequestAttributes, User } from "../ports.ts";
import { anonymousFor, createAuthenticator } from "./authenticator.ts";
import { impersonate } from "./impersonation.ts";

const ada: User = { name: "ada", groups: ["system:authenticated"] };

function permitting(...allowed: string[]): Authorizer {
  const permits = ({ resource, namespace, name, subresource }: RequestAttributes) =>
    allowed.includes([resource?.resource, subresource, namespace, name].filter(Boolean).join("/"));
  return {
    authorize: (attributes) => ({
      verdict: attributes.verb === "impersonate" && permits(attributes) ? "allow" : "none",
      reason: "",
    }),
  };
}

test("a certificate's common name and organizations are the user and their groups", async () => {
  const authenticator = createAuthenticator({ tokens: { authenticate: () => undefined }, audience: "x" });
  const certificate = () => ({ commonName: "system:node:n1", organizations: ["system:nodes"] });
  const user = await authenticator.authenticate({ certificate: certificate() });
  assert.deepEqual(user, { name: "system:node:n1", groups: ["system:nodes", "system:authenticated"] });
  assert.equal(await authenticator.authenticate({ certificate: certificate() }), user);
  assert.equal(await authenticator.authenticate({}), undefined);
  assert.throws(() => authenticator.authenticate({ bearerToken: "unknown" }), { reason: "Unauthorized" });
});

test("without credentials only health can be asked", () => {
  assert.equal(anonymousFor("/readyz/store")?.name, "system:anonymous");
  assert.equal(anonymousFor("/healthz")?.name, "system:anonymous");
  for (const path of ["/healthzzz", "/api", "/version", "/"])
    assert.equal(anonymousFor(path), undefined, path);
});

test("impersonation needs permission for the user, each group and each extra", () => {
  const headers = {
    "impersonate-user": "grace",
    "impersonate-group": "a, b",
    "impersonate-extra-scopes": "view",
  };
  const all = ["users/grace", "groups/a", "groups/b", "userextras/scopes/view"];
  assert.deepEqual(impersonate(ada, headers, permitting(...all)), {
    name: "grace",
    groups: ["a", "b", "system:authenticated"],
    extra: { scopes: ["view"] },
  });
  for (const missing of all) {
    const rest = all.filter((each) => each !== missing);
    assert.throws(() => impersonate(ada, headers, permitting(...rest)), isForbidden, missing);
  }
});

test("an impersonated service account is one of its groups", () => {
  const headers = { "impersonate-user": "system:serviceaccount:shop:robot" };
  const user = impersonate(ada, headers, permitting("serviceaccounts/shop/robot"));
  assert.deepEqual(user.groups, [
    "system:serviceaccounts",
    "system:serviceaccounts:shop",
    "system:authenticated",
  ]);
  assert.throws(() => impersonate(ada, headers, permitting()), {
    message:
      'serviceaccounts "robot" is forbidden: User "ada" cannot impersonate resource "serviceaccounts" in API group "" in the namespace "shop"',
  });
});

test("without impersonation headers everyone stays who they are", () => {
  assert.equal(impersonate(ada, { accept: "*/*" }, permitting()), ada);
  assert.throws(() => impersonate(ada, { "impersonate-group": "a" }, permitting()), { reason: "BadRequest" });
});
