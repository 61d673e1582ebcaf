import type { KubernetesObject } from "../resource.ts";
import { age } from "./age.ts";
import type { Column, TableColumns } from "./columns.ts";

/** What every kind without columns of its own shows. */
export const nameAndAge: TableColumns<KubernetesObject> = {
  columns: [nameColumn(), ageColumn()],
  row: (object, nowMs) => [object.metadata?.name ?? "", age(object.metadata?.creationTimestamp, nowMs)],
};

export function nameColumn(): Column {
  return {
    name: "Name",
    type: "string",
    format: "name",
    description: "Unique within a namespace.",
    priority: 0,
  };
}

export function ageColumn(): Column {
  return column("Age", "How long ago it was created.");
}

/** A column that is always shown. */
export function column(name: string, description = "", type: Column["type"] = "string"): Column {
  return { name, type, format: "", description, priority: 0 };
}

/** A column of `-o wide`. */
export function wideColumn(name: string, description = "", type: Column["type"] = "string"): Column {
  return { name, type, format: "", description, priority: 1 };
}
