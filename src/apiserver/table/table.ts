import type { KubernetesObject, ListMeta } from "#api";
import { badRequest } from "#base";
import type { ServedKind } from "../registry/catalogue.ts";

/** How much of each object comes along with its row: the `includeObject` parameter. */
export type IncludeObject = "None" | "Metadata" | "Object";

export function includeObjectOf(query: URLSearchParams): IncludeObject {
  const value = query.get("includeObject") ?? "";
  if (value === "") return "Metadata";
  if (value === "None" || value === "Metadata" || value === "Object") return value;
  throw badRequest(`includeObject must be one of None, Metadata, Object, not ${JSON.stringify(value)}`);
}

/** `meta.k8s.io/v1 Table`. `columns` false leaves out the column definitions: all but the first event of a watch. */
export function tableOf(
  kind: ServedKind,
  rows: readonly object[],
  metadata: ListMeta,
  options: { readonly columns: boolean } = { columns: true },
): object {
  return {
    kind: "Table",
    apiVersion: "meta.k8s.io/v1",
    metadata,
    columnDefinitions: options.columns
      ? kind.definition.columns.columns.map((column) => ({ ...column, format: column.format ?? "" }))
      : null,
    rows,
  };
}

export function rowOf(
  kind: ServedKind,
  object: KubernetesObject,
  include: IncludeObject,
  nowMs: number,
): object {
  const cells = kind.definition.columns.row(object, nowMs);
  if (include === "None") return { cells };
  return { cells, object: include === "Object" ? object : metadataOnly(object) };
}

/** `meta.k8s.io/v1 PartialObjectMetadata`. */
export function metadataOnly(object: KubernetesObject): KubernetesObject {
  return {
    kind: "PartialObjectMetadata",
    apiVersion: "meta.k8s.io/v1",
    ...(object.metadata ? { metadata: object.metadata } : {}),
  };
}
