import { namespaces } from "#api";
import { notFound } from "#base";
import type { AdmissionAttributes, AdmissionPlugin } from "../ports.ts";
import { objectForbidden } from "./object-forbidden.ts";

/** Nothing is created where there is no namespace, or in one that is going; the namespaces of the system stay. */
export function namespaceLifecycle(): AdmissionPlugin {
  return {
    name: "NamespaceLifecycle",
    handles: ({ operation, resource, namespace }) =>
      resource?.resource === namespaces.resource && resource.group === ""
        ? operation === "DELETE"
        : operation === "CREATE" && namespace !== undefined,
    mutate(attributes) {
      if (attributes.operation === "DELETE") refuseImmortal(attributes);
      else refuseMissing(attributes);
    },
  };
}

/** The cluster cannot live without these. */
export const systemNamespaces: readonly string[] = [
  "default",
  "kube-system",
  "kube-public",
  "kube-node-lease",
];

function refuseImmortal(attributes: AdmissionAttributes): void {
  const name = attributes.name ?? attributes.oldObject?.metadata?.name ?? "";
  if (systemNamespaces.includes(name)) throw objectForbidden(attributes, "this namespace may not be deleted");
}

function refuseMissing(attributes: AdmissionAttributes): void {
  const { namespace = "", read } = attributes;
  const found = read.get(namespaces, namespace);
  if (!found) throw notFound({ resource: "namespaces", name: namespace });
  if (found.metadata?.deletionTimestamp === undefined && found.status?.phase !== "Terminating") return;
  throw objectForbidden(
    attributes,
    `unable to create new content in namespace ${namespace} because it is being terminated`,
    [
      {
        reason: "NamespaceTerminating",
        message: `namespace ${namespace} is being terminated`,
        field: "metadata.namespace",
      },
    ],
  );
}
