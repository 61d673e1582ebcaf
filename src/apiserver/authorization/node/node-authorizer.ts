import { localNodeLabel, persistentVolumes, pods, volumesOfNode } from "#api";
import type { Authorizer, Decision, ObjectFeed, RequestAttributes } from "../../ports.ts";
import { NodeGraph } from "./node-graph.ts";
import { nodeNameOf } from "./node-name.ts";
import type { Referenced } from "./pod-references.ts";

/**
 * What a node may do beyond what RBAC grants everyone: read what its own pods need, write itself, its lease and the
 * status of its pods, and open its own tunnel. What it writes into those objects is NodeRestriction's concern.
 */
export function nodeAuthorizer(feed: ObjectFeed): Authorizer & { close(): void } {
  let graph: NodeGraph | undefined;
  const world: World = {
    needs(node, resource, namespace, name) {
      graph ??= new NodeGraph(feed);
      return graph.needs(node, resource, namespace, name);
    },
    runsOn: (node, namespace, name) => feed.get(pods, name, namespace)?.spec?.nodeName === node,
    keeps: (node, volume) => feed.get(persistentVolumes, volume)?.metadata?.labels?.[localNodeLabel] === node,
    isGone: (namespace, name) => feed.get(pods, name, namespace) === undefined,
    claimOf(volume) {
      const claim = feed.get(persistentVolumes, volume)?.spec?.claimRef;
      return claim ? { namespace: claim.namespace ?? "", name: claim.name ?? "" } : undefined;
    },
  };
  return {
    authorize(attributes) {
      const node = nodeNameOf(attributes.user);
      if (node === undefined) return noOpinion;
      if (!attributes.resource) return mayDial(node, attributes.path) ? allowed : noOpinion;
      const rule = rules[`${attributes.resource.resource}.${attributes.resource.group}`];
      return rule ? rule(node, attributes, world) : noOpinion;
    },
    close: () => graph?.close(),
  };
}

/** The path on which the agent of a node opens its tunnel. */
export function tunnelPath(node: string): string {
  return `/nacre/v1/nodes/${encodeURIComponent(node)}/tunnel`;
}

interface World {
  needs(node: string, resource: Referenced, namespace: string, name: string): boolean;
  runsOn(node: string, namespace: string, name: string): boolean;
  /** Whether the volume is a directory of the node. */
  keeps(node: string, volume: string): boolean;
  isGone(namespace: string, name: string): boolean;
  claimOf(volume: string): { namespace: string; name: string } | undefined;
}

type Rule = (node: string, attributes: RequestAttributes, world: World) => Decision;

const allowed: Decision = { verdict: "allow", reason: "" };
const noOpinion: Decision = { verdict: "none", reason: "" };

const reads = new Set(["get", "list", "watch"]);
const writes = new Set(["create", "update", "patch"]);

const readable: Rule = (_, { verb, subresource }) => (reads.has(verb) && !subresource ? allowed : noOpinion);

const recordable: Rule = (_, { verb }) => (writes.has(verb) ? allowed : noOpinion);

/** By `resource.group`. The read-only ones are what the service proxy and the runtime of a node go by. */
const rules: Readonly<Record<string, Rule>> = {
  "secrets.": readNeeded("secrets"),
  "configmaps.": readNeeded("configmaps"),
  "persistentvolumeclaims.": readNeeded("persistentvolumeclaims"),
  "persistentvolumes.": neededOrKeptVolume,
  "serviceaccounts.": requestToken,
  "nodes.": ownNode,
  "pods.": ownPods,
  "leases.coordination.k8s.io": ownLease,
  "csinodes.storage.k8s.io": ownObject,
  "events.": recordable,
  "events.events.k8s.io": recordable,
  "services.": readable,
  "namespaces.": readable,
  "endpointslices.discovery.k8s.io": readable,
  "networkpolicies.networking.k8s.io": readable,
  "runtimeclasses.node.k8s.io": readable,
  "csidrivers.storage.k8s.io": readable,
};

function readNeeded(resource: Referenced): Rule {
  return (node, { verb, namespace, name, subresource }, world) => {
    if (!reads.has(verb) || subresource) return no("can only read resources of this type");
    if (!name || !namespace) return no("can only read namespaced object of this type");
    return world.needs(node, resource, namespace, name) ? allowed : unrelated(node);
  };
}

/** Those that its pods use; and, to make and remove them, the directories of its own (decision 29). */
function neededOrKeptVolume(
  node: string,
  { verb, name, subresource, labelSelector }: RequestAttributes,
  world: World,
): Decision {
  if (subresource) return no("can only get individual resources of this type");
  if (verb === "list" || verb === "watch")
    return labelSelector === volumesOfNode(node)
      ? allowed
      : no(`can only list/watch volumes with the label selector ${volumesOfNode(node)}`);
  if (!name || (verb !== "get" && verb !== "patch"))
    return no("can only get individual resources of this type");
  if (world.keeps(node, name)) return allowed;
  const claim = verb === "get" ? world.claimOf(name) : undefined;
  const needed = claim && world.needs(node, "persistentvolumeclaims", claim.namespace, claim.name);
  return needed ? allowed : unrelated(node);
}

function requestToken(
  node: string,
  { verb, namespace = "", name = "", subresource }: RequestAttributes,
  world: World,
): Decision {
  if (verb !== "create" || subresource !== "token")
    return no("can only create tokens for individual service accounts");
  return world.needs(node, "serviceaccounts", namespace, name) ? allowed : unrelated(node);
}

function ownNode(node: string, { verb, name, subresource }: RequestAttributes): Decision {
  if (reads.has(verb) && !subresource) return allowed;
  if (verb === "create" && !subresource) return allowed;
  const own = name === node && (!subresource || subresource === "status");
  return own && (verb === "update" || verb === "patch" || verb === "get")
    ? allowed
    : no(`node "${node}" can only change its own node object`);
}

function ownPods(node: string, attributes: RequestAttributes, world: World): Decision {
  const { verb, namespace = "", name, subresource, fieldSelector } = attributes;
  if ((verb === "list" || verb === "watch") && !subresource) {
    const own = `spec.nodeName=${node}`;
    const ownWithTwo = `spec.nodeName==${node}`;
    const selected = fieldSelector?.split(",").some((part) => part === own || part === ownWithTwo);
    return selected || (name && world.runsOn(node, namespace, name))
      ? allowed
      : no(`can only list/watch pods with spec.nodeName field selector`);
  }
  const permitted = subresource ? podSubresourceVerbs[subresource] : podVerbs;
  if (!permitted?.has(verb) || !name) return noOpinion;
  // A pod that is there no more was perhaps its own: it is told so (404), rather than that it may not ask.
  return world.runsOn(node, namespace, name) || world.isGone(namespace, name) ? allowed : unrelated(node);
}

const podVerbs = new Set(["get", "delete"]);
const podSubresourceVerbs: Readonly<Record<string, ReadonlySet<string>>> = {
  status: new Set(["get", "update", "patch"]),
  eviction: new Set(["create"]),
};

function ownLease(node: string, { verb, namespace, name, subresource }: RequestAttributes): Decision {
  if (namespace !== "kube-node-lease" || subresource) {
    return no(`can only access leases in the "kube-node-lease" system namespace`);
  }
  if (verb === "create") return allowed;
  const permitted = verb === "get" || verb === "update" || verb === "patch" || verb === "delete";
  return permitted && name === node
    ? allowed
    : no("can only access node lease with the same name as the requesting node");
}

function ownObject(node: string, { verb, name, subresource }: RequestAttributes): Decision {
  if (subresource) return noOpinion;
  if (verb === "create") return allowed;
  const permitted = verb === "get" || verb === "update" || verb === "patch" || verb === "delete";
  return permitted && name === node
    ? allowed
    : no("can only access CSINode with the same name as the requesting node");
}

function mayDial(node: string, path: string): boolean {
  return path === tunnelPath(node);
}

function unrelated(node: string): Decision {
  return no(`no relationship found between node '${node}' and this object`);
}

function no(reason: string): Decision {
  return { verdict: "none", reason };
}
