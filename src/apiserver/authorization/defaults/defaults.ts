import type {
  ClusterRole,
  ClusterRoleBinding,
  ObjectMeta,
  PolicyRule,
  Role,
  RoleBinding,
  Subject,
} from "#api";
import { componentRoles } from "./component-roles.ts";
import { controllerRoles } from "./controller-roles.ts";
import { rule } from "./rule.ts";
import { aggregatedParts, aggregatedRoles, userRoles } from "./user-roles.ts";

const rbac = "rbac.authorization.k8s.io";

/** Set to `false` on a default role or binding by an operator who wants to keep their own version of it. */
export const autoupdateAnnotation: string = "rbac.authorization.kubernetes.io/autoupdate";

/** The cluster roles every cluster begins with. Aggregated ones come without rules: aggregation fills them. */
export function defaultClusterRoles(): ClusterRole[] {
  const plain = { ...userRoles, ...componentRoles };
  const controllers = Object.entries(controllerRoles);
  return [
    ...Object.entries(plain).map(([name, rules]) => clusterRole(name, rules)),
    ...controllers.map(([name, rules]) => clusterRole(`system:controller:${name}`, rules)),
    ...Object.entries(aggregatedParts).map(([name, part]) =>
      clusterRole(name, part.rules, { [`${rbac}/aggregate-to-${part.into}`]: "true" }),
    ),
    ...Object.entries(aggregatedRoles).map(([name, { into }]) => ({
      ...clusterRole(name, [], into ? { [`${rbac}/aggregate-to-${into}`]: "true" } : {}),
      aggregationRule: {
        clusterRoleSelectors: [{ matchLabels: { [`${rbac}/aggregate-to-${name}`]: "true" } }],
      },
    })),
  ];
}

export function defaultClusterRoleBindings(): ClusterRoleBinding[] {
  return [
    clusterBinding("cluster-admin", group("system:masters")),
    clusterBinding("system:monitoring", group("system:monitoring")),
    clusterBinding("system:discovery", group("system:authenticated")),
    clusterBinding("system:basic-user", group("system:authenticated")),
    clusterBinding(
      "system:public-info-viewer",
      group("system:authenticated"),
      group("system:unauthenticated"),
    ),
    clusterBinding("system:service-account-issuer-discovery", group("system:serviceaccounts")),
    clusterBinding("system:node-proxier", user("system:kube-proxy")),
    clusterBinding("system:kube-dns", user("system:kube-dns"), account("kube-dns")),
    clusterBinding("system:fake-nodes", user(fakeNodesUser)),
    clusterBinding("system:kube-controller-manager", controllerManager),
    clusterBinding("system:kube-scheduler", user("system:kube-scheduler")),
    clusterBinding("system:volume-scheduler", user("system:kube-scheduler")),
    clusterBinding("system:node"),
    // The controllers run as one program with one identity; each role also stands for its own service account.
    ...Object.keys(controllerRoles).map((name) =>
      clusterBinding(`system:controller:${name}`, account(name), controllerManager),
    ),
  ];
}

/** Roles inside `kube-system`. */
export function defaultRoles(): Role[] {
  return [
    {
      ...typed("Role"),
      metadata: { ...bootstrapped("extension-apiserver-authentication-reader"), namespace: "kube-system" },
      rules: [rule("get list watch", "", "configmaps", "extension-apiserver-authentication")],
    },
    {
      ...typed("Role"),
      metadata: { ...bootstrapped(schedulerConfiguration), namespace: "kube-system" },
      rules: [rule("get list watch", "", "configmaps", "kube-scheduler")],
    },
  ];
}

export function defaultRoleBindings(): RoleBinding[] {
  const scheduler = user("system:kube-scheduler");
  return [
    systemBinding("extension-apiserver-authentication-reader", controllerManager, scheduler),
    systemBinding(schedulerConfiguration, scheduler),
  ];
}

/** Who may read how the scheduler is to work. */
const schedulerConfiguration = "nacre:scheduler-configuration-reader";

/** Of a role inside `kube-system`. */
function systemBinding(role: string, ...subjects: Subject[]): RoleBinding {
  return {
    ...typed("RoleBinding"),
    metadata: { ...bootstrapped(`system::${role}`), namespace: "kube-system" },
    roleRef: { apiGroup: rbac, kind: "Role", name: role },
    subjects,
  };
}

/** The program that simulates nodes in a live cluster. */
export const fakeNodesUser = "system:fake-nodes";

const controllerManager: Subject = user("system:kube-controller-manager");

function clusterRole(
  name: string,
  rules: readonly PolicyRule[],
  labels: Record<string, string> = {},
): ClusterRole {
  return { ...typed("ClusterRole"), metadata: bootstrapped(name, labels), rules: [...rules] };
}

function clusterBinding(role: string, ...subjects: Subject[]): ClusterRoleBinding {
  return {
    ...typed("ClusterRoleBinding"),
    metadata: bootstrapped(role),
    roleRef: { apiGroup: rbac, kind: "ClusterRole", name: role },
    ...(subjects.length ? { subjects } : {}),
  };
}

function typed(kind: string): { apiVersion: string; kind: string } {
  return { apiVersion: `${rbac}/v1`, kind };
}

function bootstrapped(name: string, labels: Record<string, string> = {}): ObjectMeta {
  return {
    name,
    labels: { "kubernetes.io/bootstrapping": "rbac-defaults", ...labels },
    annotations: { [autoupdateAnnotation]: "true" },
  };
}

function user(name: string): Subject {
  return { kind: "User", apiGroup: rbac, name };
}

function group(name: string): Subject {
  return { kind: "Group", apiGroup: rbac, name };
}

function account(name: string): Subject {
  return { kind: "ServiceAccount", name, namespace: "kube-system" };
}
