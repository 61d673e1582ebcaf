import {
  fakeNodeKey,
  isFakeNode,
  jsonEqual,
  leases,
  localFinalizer,
  localNodeLabel,
  type Node,
  nodes,
  type Pod,
  persistentVolumes,
  pods,
} from "#api";
import { fakeNodesUser } from "../authorization/defaults/defaults.ts";
import type { AdmissionAttributes, AdmissionPlugin, ObjectFeed } from "../ports.ts";
import { objectForbidden } from "./object-forbidden.ts";
import { saysDirectoryIsGone } from "./removed-directory.ts";

/**
 * The program that simulates nodes does for fake nodes what agents do for theirs, and nothing for others: its roles cannot
 * tell a node from a node.
 */
export function fakeNodeRestriction(feed: ObjectFeed): AdmissionPlugin {
  // Asked about with every status of a hundred thousand pods, so known by name.
  const fakes = new Set<string>();
  feed.follow(nodes, (change) => {
    const { name = "", labels } = change.metadata;
    // Without the label it is none: what real nodes report is not parsed to learn that.
    const object = labels?.[fakeNodeKey] === undefined ? undefined : change.object;
    if (object && isFakeNode(object)) fakes.add(name);
    else fakes.delete(name);
  });
  return {
    name: "FakeNodeRestriction",
    handles: ({ user, resource }) =>
      user.name === fakeNodesUser && rules[resource?.resource ?? ""] !== undefined,
    validate(attributes) {
      const node = rules[attributes.resource.resource]?.(attributes) ?? "";
      if (fakes.has(node)) return;
      throw objectForbidden(
        attributes,
        `"${fakeNodesUser}" acts for fake nodes alone, and "${node}" is none`,
      );
    },
  };
}

/** Each throws when more is changed than a node may, and says which node it is about. */
const rules: Readonly<Record<string, (attributes: AdmissionAttributes) => string | undefined>> = {
  [nodes.resource](attributes) {
    const { object, oldObject } = attributes;
    requireSame(attributes, "labels", object?.metadata?.labels, oldObject?.metadata?.labels);
    requireSame(attributes, "taints", (object as Node)?.spec?.taints, (oldObject as Node)?.spec?.taints);
    return nameOf(attributes);
  },
  [pods.resource](attributes) {
    const { operation, object, oldObject, read, name = "", namespace } = attributes;
    if (operation === "UPDATE")
      requireSame(attributes, "labels", object?.metadata?.labels, oldObject?.metadata?.labels);
    return ((oldObject as Pod | undefined) ?? read.get(pods, name, namespace))?.spec?.nodeName;
  },
  [persistentVolumes.resource](attributes) {
    if (saysDirectoryIsGone(attributes)) return attributes.oldObject?.metadata?.labels?.[localNodeLabel];
    throw objectForbidden(
      attributes,
      `"${fakeNodesUser}" can only remove the finalizer ${localFinalizer} from volumes`,
    );
  },
  [leases.resource](attributes) {
    if (attributes.namespace === "kube-node-lease") return nameOf(attributes);
    throw objectForbidden(attributes, `can only access leases in the "kube-node-lease" system namespace`);
  },
};

function requireSame(attributes: AdmissionAttributes, what: string, wanted: unknown, old: unknown): void {
  if (jsonEqual(wanted ?? null, old ?? null)) return;
  throw objectForbidden(attributes, `"${fakeNodesUser}" is not allowed to modify ${what}`);
}

function nameOf({ name, object }: AdmissionAttributes): string {
  return name ?? object?.metadata?.name ?? "";
}
