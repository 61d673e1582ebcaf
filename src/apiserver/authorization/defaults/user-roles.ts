import type { PolicyRule } from "#api";
import { paths, read, readWrite, rule, write } from "./rule.ts";

/** The roles that people and their programs are given. */
export const userRoles: Readonly<Record<string, readonly PolicyRule[]>> = {
  "cluster-admin": [rule("*", "*", "*"), paths("*", "*")],
  "system:discovery": [
    paths("get", "/api /api/* /apis /apis/* /healthz /livez /openapi /openapi/* /readyz /version /version/"),
  ],
  "system:monitoring": [
    paths("get", "/healthz /healthz/* /livez /livez/* /metrics /metrics/slis /readyz /readyz/*"),
  ],
  "system:basic-user": [
    rule("create", "authorization.k8s.io", "selfsubjectaccessreviews selfsubjectrulesreviews"),
    rule("create", "authentication.k8s.io", "selfsubjectreviews"),
  ],
  "system:public-info-viewer": [paths("get", "/healthz /livez /readyz /version /version/")],
  "system:service-account-issuer-discovery": [
    paths(
      "get",
      "/.well-known/openid-configuration /.well-known/openid-configuration/ /openid/v1/jwks /openid/v1/jwks/",
    ),
  ],
};

/** What `admin`, `edit` and `view` are put together from: role name → the role it flows into, and its rules. */
export const aggregatedParts: Readonly<Record<string, { into: string; rules: readonly PolicyRule[] }>> = {
  "system:aggregate-to-admin": {
    into: "admin",
    rules: [
      rule("create", "authorization.k8s.io", "localsubjectaccessreviews"),
      rule(readWrite, "rbac.authorization.k8s.io", "rolebindings roles"),
    ],
  },
  "system:aggregate-to-edit": {
    into: "edit",
    rules: [
      rule(read, "", "pods/attach pods/exec pods/portforward pods/proxy secrets services/proxy"),
      rule("impersonate", "", "serviceaccounts"),
      rule(write, "", "pods pods/attach pods/exec pods/portforward pods/proxy"),
      rule("create", "", "pods/eviction serviceaccounts/token"),
      rule(
        write,
        "",
        "configmaps events persistentvolumeclaims replicationcontrollers replicationcontrollers/scale secrets serviceaccounts services services/proxy",
      ),
      rule(
        write,
        "apps",
        "daemonsets deployments deployments/rollback deployments/scale replicasets replicasets/scale statefulsets statefulsets/scale",
      ),
      rule(write, "autoscaling", "horizontalpodautoscalers"),
      rule(write, "batch", "cronjobs jobs"),
      rule(write, "policy", "poddisruptionbudgets"),
      rule(write, "networking.k8s.io", "ingresses networkpolicies"),
      rule(readWrite, "coordination.k8s.io", "leases"),
      rule(write, "resource.k8s.io", "resourceclaims resourceclaimtemplates"),
    ],
  },
  "system:aggregate-to-view": {
    into: "view",
    rules: [
      rule(
        read,
        "",
        "configmaps endpoints persistentvolumeclaims persistentvolumeclaims/status pods replicationcontrollers replicationcontrollers/scale serviceaccounts services services/status",
      ),
      rule(
        read,
        "",
        "bindings events limitranges namespaces/status pods/log pods/status replicationcontrollers/status resourcequotas resourcequotas/status",
      ),
      rule(read, "", "namespaces"),
      rule(read, "discovery.k8s.io", "endpointslices"),
      rule(
        read,
        "apps",
        "controllerrevisions daemonsets daemonsets/status deployments deployments/scale deployments/status replicasets replicasets/scale replicasets/status statefulsets statefulsets/scale statefulsets/status",
      ),
      rule(read, "autoscaling", "horizontalpodautoscalers horizontalpodautoscalers/status"),
      rule(read, "batch", "cronjobs cronjobs/status jobs jobs/status"),
      rule(read, "policy", "poddisruptionbudgets poddisruptionbudgets/status"),
      rule(read, "networking.k8s.io", "ingresses ingresses/status networkpolicies"),
      rule(read, "resource.k8s.io", "resourceclaims resourceclaims/status resourceclaimtemplates"),
    ],
  },
};

/** A role that is the sum of all roles labelled for it; `view` flows into `edit`, `edit` into `admin`. */
export const aggregatedRoles: Readonly<Record<string, { into?: string }>> = {
  admin: {},
  edit: { into: "admin" },
  view: { into: "edit" },
};
