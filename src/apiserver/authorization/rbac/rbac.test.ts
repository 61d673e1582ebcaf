import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  type ClusterRoleBinding,
  clusterRoleBindings,
  clusterRoles,
  deployments,
  namespaces,
  nodes,
  type PolicyRule,
  pods,
  type RoleBinding,
  roleBindings,
  roles,
  secrets,
} from "#api";
import type { RequestAttributes, User } from "../../ports.ts";
import { MemoryFeed } from "../../testing/memory-feed.ts";
import { rbacAuthorizer } from "./rbac-authorizer.ts";

// A long run looks at many more.
const runs = (some: number) => (process.env.NACRE_LONG ? some * 20 : some);

const ada: User = { name: "ada", groups: ["system:authenticated", "developers"] };
const robot: User = {
  name: "system:serviceaccount:shop:robot",
  groups: ["system:serviceaccounts", "system:serviceaccounts:shop", "system:authenticated"],
};
const ref = (kind: "Role" | "ClusterRole", name: string) => ({
  apiGroup: "rbac.authorization.k8s.io",
  kind,
  name,
});

function asks(user: User, verb: string, path: Partial<RequestAttributes>): RequestAttributes {
  return { user, verb, path: "/", ...path };
}

test("a cluster role bound in a namespace holds there and nowhere else", () => {
  const feed = new MemoryFeed();
  feed.put(clusterRoles, { metadata: { name: "view" }, rules: [rule("get list", "", "pods")] });
  const { authorize } = rbacAuthorizer(feed);
  feed.put(roleBindings, {
    metadata: { name: "b", namespace: "shop" },
    roleRef: ref("ClusterRole", "view"),
    subjects: [{ kind: "Group", name: "developers" }],
  });
  const inShop = authorize(asks(ada, "list", { resource: pods, namespace: "shop" }));
  assert.deepEqual(inShop, {
    verdict: "allow",
    reason: 'RBAC: allowed by RoleBinding "b/shop" of ClusterRole "view" to Group "developers"',
  });
  assert.equal(authorize(asks(ada, "list", { resource: pods, namespace: "bank" })).verdict, "none");
  assert.equal(authorize(asks(ada, "list", { resource: pods })).verdict, "none");
  assert.equal(authorize(asks(robot, "list", { resource: pods, namespace: "shop" })).verdict, "none");
});

test("a grant holds from the moment its role and binding exist, in any order, and ends with either", () => {
  const feed = new MemoryFeed();
  const { authorize } = rbacAuthorizer(feed);
  const question = asks(robot, "get", { resource: secrets, namespace: "shop", name: "one" });
  feed.put(roleBindings, {
    metadata: { name: "b", namespace: "shop" },
    roleRef: ref("Role", "reader"),
    subjects: [{ kind: "ServiceAccount", name: "robot" }],
  });
  assert.deepEqual(authorize(question), {
    verdict: "none",
    reason: 'RBAC: role.rbac.authorization.k8s.io "reader" not found',
  });
  const role = {
    metadata: { name: "reader", namespace: "shop" },
    rules: [rule("get", "", "secrets", "one")],
  };
  feed.put(roles, role);
  assert.equal(authorize(question).verdict, "allow");
  assert.equal(authorize({ ...question, name: "two" }).verdict, "none");
  feed.delete(roles, "reader", "shop");
  assert.equal(authorize(question).verdict, "none");
  feed.put(roles, role);
  feed.delete(roleBindings, "b", "shop");
  assert.equal(authorize(question).verdict, "none");
});

test("a rule with names does not narrow another rule without", () => {
  const feed = new MemoryFeed();
  const { authorize } = rbacAuthorizer(feed);
  feed.put(clusterRoles, {
    metadata: { name: "r" },
    rules: [rule("get", "", "secrets"), rule("get", "", "secrets", "one")],
  });
  feed.put(clusterRoleBindings, bindingTo("r", "User", "ada"));
  assert.equal(
    authorize(asks(ada, "get", { resource: secrets, namespace: "x", name: "two" })).verdict,
    "allow",
  );
});

test("paths match whole or by their ending star", () => {
  const feed = new MemoryFeed();
  const { authorize } = rbacAuthorizer(feed);
  feed.put(clusterRoles, {
    metadata: { name: "r" },
    rules: [{ verbs: ["get"], nonResourceURLs: ["/healthz", "/apis/*"] }],
  });
  feed.put(clusterRoleBindings, bindingTo("r", "Group", "system:authenticated"));
  const may = (path: string, verb = "get") => authorize(asks(ada, verb, { path })).verdict;
  assert.deepEqual(
    [may("/healthz"), may("/healthz/x"), may("/apis/apps"), may("/apis"), may("/healthz", "post")],
    ["allow", "none", "allow", "none", "none"],
  );
});

const resourceChoice = fc.constantFrom(pods, secrets, deployments, nodes, namespaces);
const rules = fc.array(
  fc.record({
    verbs: fc.subarray(["get", "list", "create", "*"], { minLength: 1 }),
    apiGroups: fc.subarray(["", "apps", "*"], { minLength: 1 }),
    resources: fc.subarray(["pods", "pods/log", "*/log", "secrets", "deployments", "*"], { minLength: 1 }),
    resourceNames: fc.subarray(["a", "b"]),
  }),
  { maxLength: 4 },
);
const subjects = fc.subarray([
  { kind: "User", name: "ada" },
  { kind: "Group", name: "developers" },
  { kind: "ServiceAccount", name: "robot", namespace: "shop" },
]);

test("the index answers as a walk over all roles and bindings does", () => {
  const world = fc.record({
    roles: fc.dictionary(fc.constantFrom("r1", "r2", "r3"), rules),
    bindings: fc.array(
      fc.record({
        role: fc.constantFrom("r1", "r2", "r3"),
        subjects,
        namespace: fc.constantFrom("", "shop", "bank"),
      }),
      { maxLength: 6 },
    ),
    questions: fc.array(
      fc.record({
        user: fc.constantFrom(ada, robot),
        verb: fc.constantFrom("get", "list", "delete"),
        resource: resourceChoice,
        subresource: fc.constantFrom(undefined, "log"),
        namespace: fc.constantFrom(undefined, "shop", "bank"),
        name: fc.constantFrom(undefined, "a", "c"),
      }),
      { minLength: 1, maxLength: 10 },
    ),
  });
  fc.assert(
    fc.property(world, ({ roles: roleRules, bindings, questions }) => {
      const feed = new MemoryFeed();
      const { authorize } = rbacAuthorizer(feed);
      for (const [name, list] of Object.entries(roleRules)) {
        feed.put(clusterRoles, { metadata: { name }, rules: list });
      }
      bindings.forEach((each, index) => {
        const metadata = { name: `b${index}`, ...(each.namespace ? { namespace: each.namespace } : {}) };
        const object = { metadata, roleRef: ref("ClusterRole", each.role), subjects: each.subjects };
        if (each.namespace) feed.put(roleBindings, object);
        else feed.put(clusterRoleBindings, object);
      });
      for (const { subresource, namespace, name, ...rest } of questions) {
        const question: RequestAttributes = {
          path: "/",
          ...rest,
          ...(subresource ? { subresource } : {}),
          ...(namespace ? { namespace } : {}),
          ...(name ? { name } : {}),
        };
        const allowed = authorize(question).verdict === "allow";
        assert.equal(allowed, naively(question, feed), JSON.stringify(question));
      }
    }),
    { numRuns: runs(100) },
  );
});

/** The rules of RBAC, read off its documentation, with no thought of speed. */
function naively(question: RequestAttributes, feed: MemoryFeed): boolean {
  const all: (RoleBinding | ClusterRoleBinding)[] = [
    ...feed.list(clusterRoleBindings),
    ...feed.list(roleBindings),
  ];
  return all.some((binding) => {
    const home = binding.metadata?.namespace;
    if (home && home !== question.namespace) return false;
    const bound = (binding.subjects ?? []).some((subject) =>
      subject.kind === "Group"
        ? question.user.groups.includes(subject.name)
        : question.user.name ===
          (subject.kind === "User"
            ? subject.name
            : `system:serviceaccount:${subject.namespace}:${subject.name}`),
    );
    const role = feed.get(clusterRoles, binding.roleRef.name);
    return bound && (role?.rules ?? []).some((each) => matches(each, question));
  });
}

function matches(each: PolicyRule, { verb, resource, subresource, name }: RequestAttributes): boolean {
  if (!resource) return false;
  const has = (list: readonly string[] | undefined, value: string) =>
    list?.includes(value) || list?.includes("*");
  const full = subresource ? `${resource.resource}/${subresource}` : resource.resource;
  return Boolean(
    has(each.verbs, verb) &&
      has(each.apiGroups, resource.group) &&
      (has(each.resources, full) || (subresource && each.resources?.includes(`*/${subresource}`))) &&
      (!each.resourceNames?.length || (name !== undefined && each.resourceNames.includes(name))),
  );
}

function rule(verbs: string, group: string, resource: string, ...resourceNames: string[]): PolicyRule {
  return { verbs: verbs.split(" "), apiGroups: [group], resources: [resource], resourceNames };
}

function bindingTo(role: string, kind: string, name: string): ClusterRoleBinding {
  return { metadata: { name: role }, roleRef: ref("ClusterRole", role), subjects: [{ kind, name }] };
}
