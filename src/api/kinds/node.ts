import { nodes } from "../generated/resources.ts";
import type { Node } from "../generated/types.ts";
import { labelKey, labelValueRule } from "../names.ts";
import { age } from "../table/age.ts";
import { ageColumn, column, nameColumn, wideColumn } from "../table/name-and-age.ts";
import { defineKind } from "./define-kind.ts";
import {
  checkRequiredOneOf,
  duplicate,
  type FieldErrors,
  forbiddenField,
  invalidValue,
} from "./field-errors.ts";
import type { KindDefinition } from "./kind-definition.ts";

/** Nodes: the machines. */
export const nodeKind: KindDefinition<Node> = defineKind(nodes, {
  hasGeneration: false,
  isBornWithStatus: true,
  defaults({ status }) {
    if (status?.capacity) status.allocatable ??= { ...status.capacity };
  },
  validate: validateTaints,
  validateChange(node, old, errors) {
    for (const field of ["podCIDR", "providerID"] as const) {
      const before = old.spec?.[field];
      if (before && node.spec?.[field] !== before) {
        errors.push(forbiddenField(`spec.${field}`, "node updates may not change it once it is set"));
      }
    }
  },
  selectableFields: { "spec.unschedulable": ({ spec }) => String(spec?.unschedulable ?? false) },
  columns: {
    columns: [
      nameColumn(),
      column("Status", "Whether it can run pods, and whether it takes new ones."),
      column("Roles", "What it is for."),
      ageColumn(),
      column("Version", "Version of its agent."),
      wideColumn("Internal-IP", "Its address inside."),
      wideColumn("External-IP", "Its address outside."),
      wideColumn("OS-Image", "Its operating system."),
      wideColumn("Kernel-Version", "Its kernel."),
      wideColumn("Container-Runtime", "What runs its containers."),
    ],
    row: (node, nowMs) => [
      node.metadata?.name ?? "",
      status(node),
      roles(node),
      age(node.metadata?.creationTimestamp, nowMs),
      node.status?.nodeInfo?.kubeletVersion ?? "",
      address(node, "InternalIP"),
      address(node, "ExternalIP"),
      node.status?.nodeInfo?.osImage || "<unknown>",
      node.status?.nodeInfo?.kernelVersion || "<unknown>",
      node.status?.nodeInfo?.containerRuntimeVersion || "<unknown>",
    ],
  },
});

function validateTaints(node: Node, errors: FieldErrors): void {
  const seen = new Set<string>();
  for (const [index, taint] of (node.spec?.taints ?? []).entries()) {
    const at = `spec.taints[${index}]`;
    for (const why of labelKey(taint.key ?? "")) errors.push(invalidValue(`${at}.key`, taint.key ?? "", why));
    for (const why of labelValueRule(taint.value ?? ""))
      errors.push(invalidValue(`${at}.value`, taint.value, why));
    checkRequiredOneOf(errors, `${at}.effect`, taint.effect, ["NoExecute", "NoSchedule", "PreferNoSchedule"]);
    const key = `${taint.key}:${taint.effect}`;
    if (seen.has(key)) errors.push(duplicate(at, taint));
    seen.add(key);
  }
}

function status(node: Node): string {
  const ready = node.status?.conditions?.find((condition) => condition.type === "Ready");
  const word = ready === undefined ? "Unknown" : ready.status === "True" ? "Ready" : "NotReady";
  return node.spec?.unschedulable ? `${word},SchedulingDisabled` : word;
}

function roles(node: Node): string {
  const prefix = "node-role.kubernetes.io/";
  const found = new Set<string>();
  for (const [key, value] of Object.entries(node.metadata?.labels ?? {})) {
    if (key.startsWith(prefix) && key.length > prefix.length) found.add(key.slice(prefix.length));
    else if (key === "kubernetes.io/role" && value) found.add(value);
  }
  return [...found].sort().join(",") || "<none>";
}

function address(node: Node, type: string): string {
  return node.status?.addresses?.find((each) => each.type === type)?.address ?? "<none>";
}
