import assert from "node:assert/strict";
import { test } from "node:test";
import {
  clusterRoleBindings,
  clusterRoles,
  type KubernetesObject,
  type LocalSubjectAccessReview,
  localSubjectAccessReviews,
  type Resource,
  type SelfSubjectAccessReview,
  type SelfSubjectReview,
  type SelfSubjectRulesReview,
  type SubjectAccessReview,
  selfSubjectAccessReviews,
  selfSubjectReviews,
  selfSubjectRulesReviews,
  subjectAccessReviews,
} from "#api";
import { isInvalid, must } from "#base";
import type { RequestAttributes, User } from "../../ports.ts";
import { MemoryFeed } from "../../testing/memory-feed.ts";
import { createAuthorizer } from "../authorizer.ts";
import { defaultClusterRoleBindings, defaultClusterRoles } from "../defaults/defaults.ts";
import { rule } from "../defaults/rule.ts";
import { forbiddenError } from "../forbidden.ts";
import { accessReviews } from "./access-reviews.ts";
import { selfReviews } from "./self-reviews.ts";

const ada: User = { name: "ada", groups: ["system:authenticated"] };
const admin: User = { name: "root", groups: ["system:masters", "system:authenticated"] };

function world() {
  const feed = new MemoryFeed();
  for (const role of defaultClusterRoles()) feed.put(clusterRoles, role);
  for (const binding of defaultClusterRoleBindings()) feed.put(clusterRoleBindings, binding);
  feed.put(clusterRoles, { metadata: { name: "pods" }, rules: [rule("get", "", "pods")] });
  feed.put(clusterRoleBindings, {
    metadata: { name: "pods" },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "pods" },
    subjects: [{ kind: "User", name: "ada" }],
  });
  const authorizer = createAuthorizer(feed);
  const virtual = [...accessReviews(authorizer), ...selfReviews(authorizer.rbac)];
  const ask = async <T extends KubernetesObject>(
    kind: Resource<T>,
    user: User,
    spec: object,
    namespace?: string,
  ) => {
    const attributes: RequestAttributes = {
      user,
      verb: "create",
      path: "",
      resource: kind,
      ...(namespace ? { namespace } : {}),
    };
    const handler = must(
      virtual.find((each) => each.handles(attributes)),
      kind.kind,
    );
    return (await handler.create({ spec } as KubernetesObject, attributes, feed)) as T;
  };
  return { ask, authorizer };
}

test("can-i is answered for oneself, for others, and for paths", async () => {
  const { ask } = world();
  const self = async (user: User, spec: object) =>
    (await ask<SelfSubjectAccessReview>(selfSubjectAccessReviews, user, spec)).status?.allowed;
  assert.equal(
    await self(ada, { resourceAttributes: { verb: "get", resource: "pods", namespace: "x" } }),
    true,
  );
  assert.equal(
    await self(ada, { resourceAttributes: { verb: "list", resource: "pods", namespace: "x" } }),
    false,
  );
  assert.equal(await self(admin, { resourceAttributes: { verb: "*", resource: "*", group: "*" } }), true);
  assert.equal(await self(ada, { resourceAttributes: { verb: "*", resource: "*" } }), false);
  assert.equal(await self(ada, { nonResourceAttributes: { verb: "get", path: "/apis/apps" } }), true);
  const other = { user: "ada", resourceAttributes: { verb: "get", resource: "pods" } };
  assert.equal((await ask<SubjectAccessReview>(subjectAccessReviews, admin, other)).status?.allowed, true);
});

test("a local review stays in its namespace", async () => {
  const { ask } = world();
  const spec = { user: "ada", resourceAttributes: { verb: "get", resource: "pods", namespace: "shop" } };
  const local = (namespace: string) =>
    ask<LocalSubjectAccessReview>(localSubjectAccessReviews, admin, spec, namespace);
  assert.equal((await local("shop")).status?.allowed, true);
  await assert.rejects(local("bank"), isInvalid);
});

test("everyone can ask who they are and what they may do", async () => {
  const { ask, authorizer } = world();
  const who = await ask<SelfSubjectReview>(selfSubjectReviews, ada, {});
  assert.equal(who.status?.userInfo?.username, "ada");
  const rules = await ask<SelfSubjectRulesReview>(selfSubjectRulesReviews, ada, { namespace: "shop" });
  assert.ok(rules.status?.resourceRules.some((each) => each.resources?.includes("pods")));
  assert.ok(rules.status?.nonResourceRules.some((each) => each.nonResourceURLs?.includes("/apis/*")));
  for (const resource of [selfSubjectReviews, selfSubjectAccessReviews, selfSubjectRulesReviews]) {
    assert.equal(authorizer.authorize({ user: ada, verb: "create", path: "", resource }).verdict, "allow");
  }
});

test("a refusal reads as Kubernetes' own", () => {
  const { authorizer } = world();
  const refuse = (attributes: Partial<RequestAttributes>) => {
    const asked: RequestAttributes = { user: ada, verb: "list", path: "/x", ...attributes };
    return forbiddenError(asked, authorizer.authorize(asked)).message;
  };
  assert.equal(
    refuse({ resource: clusterRoles }),
    'clusterroles.rbac.authorization.k8s.io is forbidden: User "ada" cannot list resource "clusterroles" in API group "rbac.authorization.k8s.io" at the cluster scope',
  );
  assert.equal(
    refuse({ verb: "delete", resource: subjectAccessReviews, name: "a", namespace: "y" }),
    'subjectaccessreviews.authorization.k8s.io "a" is forbidden: User "ada" cannot delete resource "subjectaccessreviews" in API group "authorization.k8s.io" in the namespace "y"',
  );
  assert.equal(refuse({ verb: "get", path: "/metrics" }), 'forbidden: User "ada" cannot get path "/metrics"');
});
