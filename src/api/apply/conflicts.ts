import { ApiError, type StatusCause } from "#base";
import { type FieldSet, formatPath, intersection, isEmptySet, paths } from "./field-set.ts";
import type { Manager } from "./managed-fields.ts";

/** A field that an apply would change while someone else owns it. */
export interface FieldConflict {
  readonly manager: Manager;
  /** `.spec.replicas` */
  readonly path: string;
}

/** Who of `others` owns something of what changed. */
export function conflictsWith(others: readonly Manager[], changed: FieldSet): FieldConflict[] {
  if (isEmptySet(changed)) return [];
  return others.flatMap((manager) =>
    [...paths(intersection(manager.fields, changed))].map((path) => ({ manager, path: formatPath(path) })),
  );
}

/** The error that kubectl explains with how to resolve it. */
export function conflictError(conflicts: readonly FieldConflict[]): ApiError {
  const causes: StatusCause[] = conflicts.map((conflict) => ({
    reason: "FieldManagerConflict",
    message: `conflict with ${described(conflict.manager)}`,
    field: conflict.path,
  }));
  return new ApiError("Conflict", messageOf(conflicts), { details: { causes } });
}

function messageOf(conflicts: readonly FieldConflict[]): string {
  const [only] = conflicts;
  if (conflicts.length === 1 && only !== undefined) {
    return `Apply failed with 1 conflict: conflict with ${described(only.manager)}: ${only.path}`;
  }
  const byManager = Map.groupBy(conflicts, (conflict) => described(conflict.manager));
  const parts = [...byManager]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(
      ([manager, own]) =>
        `conflicts with ${manager}:\n${own.map((conflict) => `- ${conflict.path}`).join("\n")}`,
    );
  return `Apply failed with ${conflicts.length} conflicts: ${parts.join("\n")}`;
}

function described(manager: Manager): string {
  const subresource = manager.subresource ? ` with subresource "${manager.subresource}"` : "";
  const version = manager.operation === "Update" ? ` using ${manager.apiVersion}` : "";
  return `"${manager.name}"${subresource}${version}`;
}
