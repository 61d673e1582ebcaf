import { must } from "#base";
import type { ManagedFieldsEntry } from "../object.ts";
import { difference, type FieldSet, isEmptySet, unionOfAll } from "./field-set.ts";
import { isFieldSet } from "./is-field-set.ts";
import { maxUpdateManagers } from "./limits.ts";

/** One manager's fields: an entry of `metadata.managedFields`. */
export interface Manager {
  readonly name: string;
  readonly operation: "Apply" | "Update";
  readonly apiVersion: string;
  /** Empty for the object itself. */
  readonly subresource: string;
  /** RFC 3339. */
  readonly time: string | undefined;
  readonly fields: FieldSet;
}

/** Reads the entries of a stored object: they were understood when they came. */
export function readManagers(entries: readonly ManagedFieldsEntry[] | undefined): Manager[] {
  return (entries ?? []).map((entry) => ({
    name: entry.manager ?? "",
    operation: entry.operation === "Apply" ? "Apply" : "Update",
    apiVersion: entry.apiVersion ?? "",
    subresource: entry.subresource ?? "",
    time: entry.time,
    fields: (entry.fieldsV1 ?? {}) as FieldSet,
  }));
}

/** Whether an entry that a client sends means something. Those that do not are dropped, as if nobody owned their fields. */
export function isUnderstood({ operation, fieldsV1 }: ManagedFieldsEntry): boolean {
  return (
    (operation === "Apply" || operation === "Update") && (fieldsV1 === undefined || isFieldSet(fieldsV1))
  );
}

/** Writes the entries in Kubernetes' order: applied first, then the older first, then by name. Empty ones go. */
export function writeManagers(managers: readonly Manager[]): ManagedFieldsEntry[] {
  const kept = capped(managers.filter((manager) => !isEmptySet(manager.fields)));
  return kept.sort(byOrder).map((manager) => ({
    manager: manager.name,
    operation: manager.operation,
    apiVersion: manager.apiVersion,
    ...(manager.time === undefined ? {} : { time: manager.time }),
    fieldsType: "FieldsV1",
    fieldsV1: manager.fields as NonNullable<ManagedFieldsEntry["fieldsV1"]>,
    ...(manager.subresource ? { subresource: manager.subresource } : {}),
  }));
}

/** Whether two entries are one and the same manager's. Who applies is one whatever the version. */
export function isSameManager(a: Manager, b: Manager): boolean {
  return (
    a.name === b.name &&
    a.operation === b.operation &&
    a.subresource === b.subresource &&
    (a.operation === "Apply" || a.apiVersion === b.apiVersion)
  );
}

/** The manager with other fields. */
export function withFields(manager: Manager, fields: FieldSet): Manager {
  return { ...manager, fields };
}

/** Everyone without some fields. */
export function withoutFields(managers: readonly Manager[], fields: FieldSet): Manager[] {
  if (isEmptySet(fields)) return [...managers];
  return managers.map((manager) => withFields(manager, difference(manager.fields, fields)));
}

/** Too many who updated: the oldest become one. */
function capped(managers: Manager[]): Manager[] {
  const updates = managers.filter((manager) => manager.operation === "Update").sort(byOrder);
  if (updates.length <= maxUpdateManagers) return managers;
  const excess = new Set(updates.slice(0, updates.length - maxUpdateManagers + 1));
  const rest = managers.filter((manager) => !excess.has(manager));
  const byVersion = Map.groupBy(excess, (manager) => manager.apiVersion);
  return [...rest, ...Array.from(byVersion.values(), ancientChanges)];
}

function ancientChanges(managers: readonly Manager[]): Manager {
  const latest = must(managers.at(-1), "a group has members");
  const fields = unionOfAll(managers.map((manager) => manager.fields));
  return { ...latest, name: "ancient-changes", subresource: "", fields };
}

function byOrder(a: Manager, b: Manager): number {
  if (a.operation !== b.operation) return a.operation < b.operation ? -1 : 1;
  return (
    compareText(a.time ?? "", b.time ?? "") ||
    compareText(a.name, b.name) ||
    compareText(a.apiVersion, b.apiVersion) ||
    compareText(a.subresource, b.subresource)
  );
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
