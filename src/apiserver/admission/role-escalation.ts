import {
  type ClusterRole,
  clusterRoles,
  jsonEqual,
  type PolicyRule,
  type Resource,
  type Role,
  type RoleBinding,
  roles,
} from "#api";
import { notFound } from "#base";
import { formatRule, uncovered } from "../authorization/rbac/coverage.ts";
import type { RbacIndex } from "../authorization/rbac/rbac-index.ts";
import type { AdmissionAttributes, AdmissionPlugin, Authorizer } from "../ports.ts";
import { objectForbidden } from "./object-forbidden.ts";

const group = "rbac.authorization.k8s.io";

/** Nobody grants what they do not hold, unless they may `escalate` (roles) or `bind` (bindings). */
export function roleEscalation(options: {
  readonly authorizer: Authorizer;
  readonly rbac: RbacIndex;
}): AdmissionPlugin {
  return {
    name: "RoleEscalation",
    handles: ({ resource, operation, user }) =>
      resource?.group === group && operation !== "DELETE" && !user.groups.includes("system:masters"),
    validate(attributes) {
      const { resource } = attributes.resource;
      if (resource === roles.resource || resource === clusterRoles.resource) checkRole(attributes, options);
      else checkBinding(attributes, options);
    },
  };
}

interface Context {
  readonly authorizer: Authorizer;
  readonly rbac: RbacIndex;
}

function checkRole(attributes: AdmissionAttributes, context: Context): void {
  const role = attributes.object as Role & ClusterRole;
  const old = attributes.oldObject as (Role & ClusterRole) | undefined;
  if (
    old &&
    jsonEqual(role.rules ?? [], old.rules ?? []) &&
    jsonEqual(role.aggregationRule, old.aggregationRule)
  )
    return;
  if (may(attributes, context, "escalate", attributes.resource, role.metadata?.name)) return;
  if (role.aggregationRule && !holds(attributes, context, everything)) {
    throw objectForbidden(attributes, "must have cluster-admin privileges to use the aggregationRule");
  }
  refuseUnheld(attributes, context, role.rules ?? []);
}

function checkBinding(attributes: AdmissionAttributes, context: Context): void {
  const binding = attributes.object as RoleBinding;
  const old = attributes.oldObject as RoleBinding | undefined;
  const same =
    old && jsonEqual(binding.roleRef, old.roleRef) && jsonEqual(binding.subjects ?? [], old.subjects ?? []);
  if (same) return;
  const { roleRef } = binding;
  const bound: Resource = roleRef.kind === "Role" ? roles : clusterRoles;
  if (may(attributes, context, "bind", bound, roleRef.name)) return;
  const rules = context.rbac.rulesOfRole(roleRef, attributes.namespace);
  if (!rules) throw notFound({ resource: bound.resource, group, name: roleRef.name });
  refuseUnheld(attributes, context, rules);
}

const everything: readonly PolicyRule[] = [
  { apiGroups: ["*"], resources: ["*"], verbs: ["*"] },
  { nonResourceURLs: ["*"], verbs: ["*"] },
];

function may(
  { user, namespace, path }: AdmissionAttributes,
  { authorizer }: Context,
  verb: string,
  resource: Resource,
  name: string | undefined,
): boolean {
  const question = {
    user,
    verb,
    path,
    resource,
    ...(namespace ? { namespace } : {}),
    ...(name ? { name } : {}),
  };
  return authorizer.authorize(question).verdict === "allow";
}

function holds(
  { user, namespace }: AdmissionAttributes,
  { rbac }: Context,
  rules: readonly PolicyRule[],
): boolean {
  return uncovered(rbac.rulesFor(user, namespace), rules).length === 0;
}

function refuseUnheld(
  attributes: AdmissionAttributes,
  { rbac }: Context,
  rules: readonly PolicyRule[],
): void {
  const { user, namespace } = attributes;
  const missing = uncovered(rbac.rulesFor(user, namespace), rules);
  if (missing.length === 0) return;
  const groups = user.groups.map((each) => JSON.stringify(each)).join(" ");
  throw objectForbidden(
    attributes,
    `user "${user.name}" (groups=[${groups}]) is attempting to grant RBAC permissions not currently held:\n${missing.map(formatRule).join("\n")}`,
  );
}
