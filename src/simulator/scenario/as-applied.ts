import { apiVersionOf, type KubernetesObject, type Resource } from "#api";

/** What the control plane makes by itself, or others own, comes again by itself. */
export function isApplied({ kind, metadata }: KubernetesObject): boolean {
  if (metadata?.ownerReferences?.length || metadata?.deletionTimestamp) return false;
  const { name = "", namespace } = metadata ?? {};
  if (namespace === "default" && name === "kubernetes") return false;
  if (kind === "PriorityClass" && name.startsWith("system-")) return false;
  if (kind === "ServiceAccount" && name === "default") return false;
  return !(kind === "Namespace" && builtInNamespaces.has(name)) && name !== "kube-root-ca.crt";
}

const builtInNamespaces = new Set(["default", "kube-system", "kube-public", "kube-node-lease"]);

/** Without what a server has written. */
export function asApplied(
  object: KubernetesObject,
  resource: Pick<Resource, "group" | "version" | "kind">,
): KubernetesObject {
  const { name, namespace, labels, annotations } = object.metadata ?? {};
  const { status: _, ...rest } = object as KubernetesObject & {
    status?: unknown;
    spec?: Record<string, unknown>;
  };
  const { clusterIP, clusterIPs: __, volumeName: ___, nodeName: ____, ...own } = rest.spec ?? {};
  // Addresses are given anew; that there is to be none was somebody's wish.
  const spec = clusterIP === "None" ? { ...own, clusterIP } : own;
  return {
    ...rest,
    apiVersion: apiVersionOf(resource),
    kind: resource.kind,
    metadata: {
      name: name ?? "",
      ...(namespace === undefined ? {} : { namespace }),
      ...(labels ? { labels } : {}),
      ...(annotations ? { annotations } : {}),
    },
    ...(rest.spec ? { spec } : {}),
  } as KubernetesObject;
}
