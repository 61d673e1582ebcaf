import type { KubernetesObject } from "../resource.ts";

/** One column, as `meta.k8s.io/v1 TableColumnDefinition` says it. */
export interface Column {
  readonly name: string;
  readonly type: "string" | "integer" | "number" | "boolean" | "date";
  /** `name` marks the column that identifies the row. */
  readonly format?: string;
  readonly description: string;
  /** 0 is always shown; 1 only with `-o wide`. */
  readonly priority: number;
}

export type Cell = string | number | boolean | null;

/** The columns of a kind and how a row is made. */
export interface TableColumns<T extends KubernetesObject = KubernetesObject> {
  readonly columns: readonly Column[];
  /** One cell per column. `nowMs` is the moment that ages are counted to, in milliseconds since the epoch. */
  row(object: T, nowMs: number): Cell[];
}
