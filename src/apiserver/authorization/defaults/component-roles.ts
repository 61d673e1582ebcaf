import type { PolicyRule } from "#api";
import { paths, read, recordEvents, rule } from "./rule.ts";

/** The roles of the cluster's own programs, controllers apart. */
export const componentRoles: Readonly<Record<string, readonly PolicyRule[]>> = {
  "system:node": [
    rule("create get list patch update watch", "", "nodes"),
    rule("patch update", "", "nodes/status"),
    rule("create delete get list watch", "", "pods"),
    rule("get patch update", "", "pods/status"),
    rule("create", "", "pods/eviction serviceaccounts/token"),
    rule(read, "", "configmaps persistentvolumeclaims persistentvolumes secrets services"),
    rule("create delete get patch update", "coordination.k8s.io", "leases"),
    rule("create delete get patch update", "storage.k8s.io", "csinodes"),
    rule(read, "storage.k8s.io", "csidrivers"),
    rule(read, "node.k8s.io", "runtimeclasses"),
    recordEvents,
  ],
  "system:node-proxier": [
    rule("list watch", "", "endpoints services"),
    rule("get list watch", "", "nodes"),
    rule("list watch", "discovery.k8s.io", "endpointslices"),
    rule("list watch", "networking.k8s.io", "servicecidrs"),
    recordEvents,
  ],
  "system:node-problem-detector": [rule("get", "", "nodes"), rule("patch", "", "nodes/status"), recordEvents],
  "system:kubelet-api-admin": [
    rule(read, "", "nodes"),
    rule("proxy", "", "nodes"),
    rule("*", "", "nodes/log nodes/metrics nodes/proxy nodes/stats"),
  ],
  "system:node-bootstrapper": [
    rule("create get list watch", "certificates.k8s.io", "certificatesigningrequests"),
  ],
  "system:auth-delegator": [
    rule("create", "authentication.k8s.io", "tokenreviews"),
    rule("create", "authorization.k8s.io", "subjectaccessreviews"),
  ],
  "system:kube-aggregator": [rule(read, "", "endpoints services")],
  "system:kube-dns": [
    rule("list watch", "", "endpoints namespaces pods services"),
    rule("list watch", "discovery.k8s.io", "endpointslices"),
    rule("get", "", "nodes"),
  ],
  // Of which nodes and pods, admission says: those that are fake.
  "system:fake-nodes": [
    rule(read, "", "nodes"),
    rule("patch", "", "nodes/status"),
    rule("delete get list watch", "", "pods"),
    rule("patch", "", "pods/status"),
    rule("list patch watch", "", "persistentvolumes"),
    rule("create get update", "coordination.k8s.io", "leases"),
  ],
  "system:kube-controller-manager": [
    recordEvents,
    rule("create get update", "coordination.k8s.io", "leases"),
    rule("create", "", "serviceaccounts serviceaccounts/token secrets"),
    rule("delete", "", "secrets"),
    rule("get update", "", "secrets serviceaccounts"),
    rule("get", "", "configmaps namespaces"),
    rule("create", "authentication.k8s.io", "tokenreviews"),
    rule("create", "authorization.k8s.io", "subjectaccessreviews"),
    rule("list watch", "*", "*"),
  ],
  "system:kube-scheduler": [
    recordEvents,
    rule("create get list update watch", "coordination.k8s.io", "leases"),
    rule(read, "", "nodes namespaces"),
    rule("delete get list watch", "", "pods"),
    rule("create", "", "bindings pods/binding"),
    rule("patch update", "", "pods/status"),
    rule(read, "", "replicationcontrollers services persistentvolumeclaims persistentvolumes"),
    rule(read, "apps", "replicasets statefulsets"),
    rule(read, "policy", "poddisruptionbudgets"),
    rule(read, "scheduling.k8s.io", "priorityclasses"),
    rule(read, "storage.k8s.io", "csidrivers csinodes csistoragecapacities storageclasses volumeattachments"),
    rule(read, "resource.k8s.io", "deviceclasses resourceclaims resourceslices"),
    rule("patch update", "resource.k8s.io", "resourceclaims resourceclaims/status"),
    rule("create", "authentication.k8s.io", "tokenreviews"),
    rule("create", "authorization.k8s.io", "subjectaccessreviews"),
  ],
  "system:volume-scheduler": [
    rule("get list patch update watch", "", "persistentvolumes persistentvolumeclaims"),
    rule(read, "storage.k8s.io", "storageclasses"),
  ],
  "system:persistent-volume-provisioner": [
    rule("create delete get list watch", "", "persistentvolumes"),
    rule("get list update watch", "", "persistentvolumeclaims"),
    rule(read, "storage.k8s.io", "storageclasses"),
    rule("watch", "", "events"),
    recordEvents,
  ],
  "system:certificates.k8s.io:certificatesigningrequests:nodeclient": [
    rule("create", "certificates.k8s.io", "certificatesigningrequests/nodeclient"),
  ],
  "system:certificates.k8s.io:certificatesigningrequests:selfnodeclient": [
    rule("create", "certificates.k8s.io", "certificatesigningrequests/selfnodeclient"),
  ],
  "system:heapster": [
    rule(read, "", "events namespaces nodes pods"),
    rule(read, "apps", "deployments"),
    paths("get", "/metrics"),
  ],
};
