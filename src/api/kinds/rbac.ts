import { clusterRoleBindings, clusterRoles, roleBindings, roles } from "../generated/resources.ts";
import type {
  ClusterRole,
  ClusterRoleBinding,
  PolicyRule,
  Role,
  RoleBinding,
  RoleRef,
  Subject,
} from "../generated/types.ts";
import { jsonEqual } from "../json.ts";
import { pathSegment } from "../names.ts";
import { age } from "../table/age.ts";
import type { Cell, TableColumns } from "../table/columns.ts";
import { ageColumn, column, nameColumn, wideColumn } from "../table/name-and-age.ts";
import { defineKind } from "./define-kind.ts";
import { type FieldErrors, forbiddenField, invalidValue, notSupported, required } from "./field-errors.ts";
import type { KindDefinition } from "./kind-definition.ts";
import { validateLabelSelector } from "./validate-label-selector.ts";

const group = "rbac.authorization.k8s.io";

const roleColumns: TableColumns<Role | ClusterRole> = {
  columns: [nameColumn(), column("Created At", "When it was created.", "date")],
  row: ({ metadata }) => [metadata?.name ?? "", metadata?.creationTimestamp ?? ""],
};

export const roleKind: KindDefinition<Role> = defineKind<Role>(roles, {
  nameRule: pathSegment,
  validate: ({ rules }, errors) => validateRules(rules, errors, { isNamespaced: true }),
  columns: roleColumns,
});

export const clusterRoleKind: KindDefinition<ClusterRole> = defineKind<ClusterRole>(clusterRoles, {
  nameRule: pathSegment,
  validate({ rules, aggregationRule }, errors) {
    validateRules(rules, errors, { isNamespaced: false });
    if (!aggregationRule) return;
    const path = "aggregationRule.clusterRoleSelectors";
    if (!aggregationRule.clusterRoleSelectors?.length) {
      errors.push(required(path, "at least one clusterRoleSelector required if aggregationRule is non-nil"));
    }
    for (const [index, selector] of (aggregationRule.clusterRoleSelectors ?? []).entries()) {
      validateLabelSelector(selector, `${path}[${index}]`, errors);
    }
  },
  columns: roleColumns,
});

export const roleBindingKind: KindDefinition<RoleBinding> = defineKind<RoleBinding>(roleBindings, {
  nameRule: pathSegment,
  defaults: defaultBinding,
  validate: (binding, errors) => validateBinding(binding, ["Role", "ClusterRole"], errors),
  validateChange: validateRoleRefChange,
  columns: bindingColumns(),
});

export const clusterRoleBindingKind: KindDefinition<ClusterRoleBinding> = defineKind<ClusterRoleBinding>(
  clusterRoleBindings,
  {
    nameRule: pathSegment,
    defaults: defaultBinding,
    validate: (binding, errors) => validateBinding(binding, ["ClusterRole"], errors),
    validateChange: validateRoleRefChange,
    columns: bindingColumns(),
  },
);

interface Binding {
  roleRef: RoleRef;
  subjects?: Subject[];
}

function defaultBinding({ roleRef, subjects }: Binding): void {
  if (roleRef) roleRef.apiGroup ||= group;
  for (const subject of subjects ?? []) {
    if (subject.apiGroup) continue;
    if (subject.kind === "User" || subject.kind === "Group") subject.apiGroup = group;
  }
}

function validateRules(
  rules: readonly PolicyRule[] | undefined,
  errors: FieldErrors,
  scope: { isNamespaced: boolean },
): void {
  for (const [index, rule] of (rules ?? []).entries()) {
    const at = `rules[${index}]`;
    if (!rule.verbs?.length) errors.push(required(`${at}.verbs`, "verbs must contain at least one value"));
    if (rule.nonResourceURLs?.length) {
      if (scope.isNamespaced) {
        errors.push(
          invalidValue(
            `${at}.nonResourceURLs`,
            rule.nonResourceURLs,
            "namespaced rules cannot apply to non-resource URLs",
          ),
        );
      }
      if (rule.apiGroups?.length || rule.resources?.length || rule.resourceNames?.length) {
        errors.push(
          invalidValue(
            `${at}.nonResourceURLs`,
            rule.nonResourceURLs,
            "rules cannot apply to both regular resources and non-resource URLs",
          ),
        );
      }
      continue;
    }
    if (!rule.apiGroups?.length)
      errors.push(required(`${at}.apiGroups`, "resource rules must supply at least one api group"));
    if (!rule.resources?.length)
      errors.push(required(`${at}.resources`, "resource rules must supply at least one resource"));
  }
}

function validateBinding(
  { roleRef, subjects }: Binding,
  kinds: readonly string[],
  errors: FieldErrors,
): void {
  if (roleRef?.apiGroup !== group)
    errors.push(notSupported("roleRef.apiGroup", roleRef?.apiGroup ?? "", [group]));
  if (!kinds.includes(roleRef?.kind ?? ""))
    errors.push(notSupported("roleRef.kind", roleRef?.kind ?? "", kinds));
  if (!roleRef?.name) errors.push(required("roleRef.name"));
  else
    for (const why of pathSegment(roleRef.name)) errors.push(invalidValue("roleRef.name", roleRef.name, why));
  for (const [index, subject] of (subjects ?? []).entries())
    validateSubject(subject, `subjects[${index}]`, errors);
}

function validateSubject(subject: Subject, path: string, errors: FieldErrors): void {
  if (!subject.name) errors.push(required(`${path}.name`));
  switch (subject.kind) {
    case "ServiceAccount":
      if (subject.apiGroup) errors.push(notSupported(`${path}.apiGroup`, subject.apiGroup, [""]));
      if (!subject.namespace) errors.push(required(`${path}.namespace`));
      break;
    case "User":
    case "Group":
      if (subject.apiGroup !== group)
        errors.push(notSupported(`${path}.apiGroup`, subject.apiGroup ?? "", [group]));
      if (subject.namespace)
        errors.push(forbiddenField(`${path}.namespace`, `may not be set for a ${subject.kind}`));
      break;
    default:
      errors.push(notSupported(`${path}.kind`, subject.kind ?? "", ["Group", "ServiceAccount", "User"]));
  }
}

/** What a binding grants may not change under those it grants it to: delete it and make another. */
function validateRoleRefChange(binding: Binding, old: Binding, errors: FieldErrors): void {
  if (!jsonEqual(binding.roleRef, old.roleRef)) {
    errors.push(invalidValue("roleRef", binding.roleRef, "cannot change roleRef"));
  }
}

function bindingColumns<T extends RoleBinding | ClusterRoleBinding>(): TableColumns<T> {
  return {
    columns: [
      nameColumn(),
      column("Role", "What it grants."),
      ageColumn(),
      wideColumn("Users", "To which users."),
      wideColumn("Groups", "To which groups."),
      wideColumn("ServiceAccounts", "To which service accounts."),
    ],
    row: ({ metadata, roleRef, subjects }, nowMs): Cell[] => {
      const named = (kind: string) => (subjects ?? []).filter((subject) => subject.kind === kind);
      return [
        metadata?.name ?? "",
        `${roleRef?.kind}/${roleRef?.name}`,
        age(metadata?.creationTimestamp, nowMs),
        named("User")
          .map(({ name }) => name)
          .join(", "),
        named("Group")
          .map(({ name }) => name)
          .join(", "),
        named("ServiceAccount")
          .map(({ name, namespace }) => `${namespace}/${name}`)
          .join(", "),
      ];
    },
  };
}
