import {
  csiNodes,
  jsonEqual,
  leases,
  localFinalizer,
  type Node,
  nodes,
  type Pod,
  persistentVolumes,
  pods,
} from "#api";
import { nodeNameOf } from "../authorization/node/node-name.ts";
import type { AdmissionAttributes, AdmissionPlugin } from "../ports.ts";
import { objectForbidden } from "./object-forbidden.ts";
import { saysDirectoryIsGone } from "./removed-directory.ts";

/**
 * What a node may write into the objects that it is allowed to write at all: itself, but not its taints or the labels
 * that others place pods by; the status of its own pods; its own lease.
 */
export function nodeRestriction(): AdmissionPlugin {
  return {
    name: "NodeRestriction",
    handles: ({ user, resource }) =>
      rules[resource?.resource ?? ""] !== undefined && nodeNameOf(user) !== undefined,
    validate(attributes) {
      const node = nodeNameOf(attributes.user);
      if (node !== undefined) rules[attributes.resource.resource]?.(node, attributes);
    },
  };
}

type Rule = (node: string, attributes: AdmissionAttributes) => void;

const rules: Readonly<Record<string, Rule>> = {
  [nodes.resource]: ownNode,
  [pods.resource]: ownPod,
  [leases.resource]: ownName,
  [csiNodes.resource]: ownName,
  [persistentVolumes.resource]: ownDirectory,
};

function ownNode(node: string, attributes: AdmissionAttributes): void {
  const { operation, subresource } = attributes;
  const wanted = attributes.object as Node | undefined;
  const old = attributes.oldObject as Node | undefined;
  const refuse = (why: string) => objectForbidden(attributes, why);
  if (nameOf(attributes) !== node)
    throw refuse(`node "${node}" is not allowed to modify node "${nameOf(attributes)}"`);
  if (operation === "DELETE") throw refuse(`node "${node}" is not allowed to delete itself`);
  if (
    operation === "UPDATE" &&
    !subresource &&
    !jsonEqual(wanted?.spec?.taints ?? [], old?.spec?.taints ?? [])
  ) {
    throw refuse(`node "${node}" is not allowed to modify taints`);
  }
  if (!jsonEqual(wanted?.metadata?.ownerReferences ?? [], old?.metadata?.ownerReferences ?? [])) {
    throw refuse(`node "${node}" is not allowed to modify ownerReferences`);
  }
  const changed = changedLabels(wanted?.metadata?.labels ?? {}, old?.metadata?.labels ?? {});
  const guarded = changed.filter((label) => !mayLabel(label)).sort();
  if (guarded.length > 0) {
    throw refuse(`node "${node}" is not allowed to modify labels: ${guarded.join(", ")}`);
  }
}

function ownPod(node: string, attributes: AdmissionAttributes): void {
  const { operation, subresource, oldObject, object, read, name = "", namespace = "" } = attributes;
  const refuse = (why: string) => objectForbidden(attributes, why);
  if (operation === "CREATE" && !subresource) {
    throw refuse(
      `pod does not have "kubernetes.io/config.mirror" annotation, node "${node}" can only create mirror pods`,
    );
  }
  const pod = (oldObject as Pod | undefined) ?? read.get(pods, name, namespace);
  if (pod?.spec?.nodeName !== node) {
    throw refuse(`node "${node}" can only change pods with spec.nodeName set to itself`);
  }
  if (operation !== "UPDATE") return;
  if (!jsonEqual(object?.metadata?.labels ?? {}, oldObject?.metadata?.labels ?? {})) {
    throw refuse(`node "${node}" cannot update labels through pod status`);
  }
}

function ownName(node: string, attributes: AdmissionAttributes): void {
  const { resource, namespace } = attributes;
  if (resource.resource === leases.resource && namespace !== "kube-node-lease") {
    throw objectForbidden(attributes, `can only access leases in the "kube-node-lease" system namespace`);
  }
  if (nameOf(attributes) !== node) {
    throw objectForbidden(
      attributes,
      `can only access ${resource.kind} with the same name as the requesting node`,
    );
  }
}

/** Of the volumes that are directories of the node: that the directory is gone, nothing else. */
function ownDirectory(node: string, attributes: AdmissionAttributes): void {
  if (saysDirectoryIsGone(attributes)) return;
  throw objectForbidden(
    attributes,
    `node "${node}" can only remove the finalizer ${localFinalizer} from its volumes`,
  );
}

function nameOf({ name, object }: AdmissionAttributes): string {
  return name ?? object?.metadata?.name ?? "";
}

function changedLabels(wanted: Record<string, string>, old: Record<string, string>): string[] {
  return [...new Set([...Object.keys(wanted), ...Object.keys(old)])].filter(
    (key) => wanted[key] !== old[key],
  );
}

/** Labels of Kubernetes' own domains steer placement and isolation: a node may set those about itself, no others. */
function mayLabel(label: string): boolean {
  const slash = label.indexOf("/");
  if (slash < 0) return true;
  const domain = label.slice(0, slash);
  if (/(^|\.)node-restriction\.kubernetes\.io$/.test(domain)) return false;
  if (!/(^|\.)(kubernetes|k8s)\.io$/.test(domain)) return true;
  return ownLabels.has(label) || /(^|\.)(kubelet|node)\.kubernetes\.io$/.test(domain);
}

const ownLabels: ReadonlySet<string> = new Set([
  "kubernetes.io/hostname",
  "kubernetes.io/os",
  "kubernetes.io/arch",
  "beta.kubernetes.io/os",
  "beta.kubernetes.io/arch",
  "beta.kubernetes.io/instance-type",
  "failure-domain.beta.kubernetes.io/region",
  "failure-domain.beta.kubernetes.io/zone",
  "failure-domain.kubernetes.io/region",
  "failure-domain.kubernetes.io/zone",
  "node.kubernetes.io/instance-type",
  "topology.kubernetes.io/region",
  "topology.kubernetes.io/zone",
]);
