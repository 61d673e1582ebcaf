import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { defaultClusterRoles } from "../defaults/defaults.ts";
import { paths, rule } from "../defaults/rule.ts";
import { CompiledRole } from "./compiled-role.ts";
import { formatRule, uncovered } from "./coverage.ts";

// A long run looks at many more.
const runs = (some: number) => (process.env.NACRE_LONG ? some * 20 : some);

test("what is not held is named, group by group", () => {
  const held = [rule("get list", "", "pods"), rule("*", "apps", "*")];
  assert.deepEqual(
    uncovered(held, [rule("get", "", "pods"), rule("delete", "apps", "deployments/scale")]),
    [],
  );
  const missing = uncovered(held, [rule("get delete watch", " batch", "pods")]);
  assert.deepEqual(missing.map(formatRule), [
    '{APIGroups:[""], Resources:["pods"], Verbs:["delete" "watch"]}',
    '{APIGroups:["batch"], Resources:["pods"], Verbs:["get" "delete" "watch"]}',
  ]);
});

test("a rule for some names does not cover the rule for all of them", () => {
  const one = rule("get", "", "secrets", "one");
  assert.equal(uncovered([one], [rule("get", "", "secrets")]).length, 1);
  assert.equal(uncovered([rule("get", "", "secrets")], [one]).length, 0);
  assert.equal(uncovered([one], [rule("get", "", "secrets", "one", "two")]).length, 1);
});

test("paths are covered by their prefix", () => {
  assert.equal(uncovered([paths("get", "/apis/*")], [paths("get", "/apis/apps /apis/*")]).length, 0);
  assert.equal(uncovered([paths("get", "/apis/*")], [paths("get", "*")]).length, 1);
});

test("every default role covers itself, and cluster-admin covers them all", () => {
  const roles = defaultClusterRoles();
  const admin = roles.find((role) => role.metadata?.name === "cluster-admin")?.rules ?? [];
  for (const { rules = [], metadata } of roles) {
    assert.deepEqual(uncovered(rules, rules), [], metadata?.name ?? "");
    assert.deepEqual(uncovered(admin, rules), [], metadata?.name ?? "");
  }
  assert.equal(new Set(roles.map((role) => role.metadata?.name)).size, roles.length);
});

test("who holds rules that cover a role may do everything the role allows", () => {
  const rules = fc.array(
    fc.record({
      verbs: fc.subarray(["get", "list", "*"], { minLength: 1 }),
      apiGroups: fc.subarray(["", "apps", "*"], { minLength: 1 }),
      resources: fc.subarray(["pods", "pods/log", "*/log", "*"], { minLength: 1 }),
      resourceNames: fc.subarray(["a", "b"]),
    }),
    { maxLength: 4 },
  );
  const request = fc.record({
    verb: fc.constantFrom("get", "list"),
    group: fc.constantFrom("", "apps", "batch"),
    resource: fc.constantFrom("pods", "services"),
    subresource: fc.constantFrom(undefined, "log"),
    name: fc.constantFrom(undefined, "a", "b", "c"),
  });
  fc.assert(
    fc.property(rules, rules, request, (held, wanted, { verb, group, resource, subresource, name }) => {
      if (uncovered(held, wanted).length > 0) return;
      const token = { group, resource, version: "v1", kind: "X", singular: "x", namespaced: true };
      const attributes = {
        user: { name: "u", groups: [] },
        verb,
        path: "",
        resource: { ...token, shortNames: [], categories: [], verbs: [], subresources: [] },
        ...(subresource ? { subresource } : {}),
        ...(name ? { name } : {}),
      };
      if (new CompiledRole(wanted).allows(attributes)) assert.ok(new CompiledRole(held).allows(attributes));
    }),
    { numRuns: runs(300) },
  );
});
