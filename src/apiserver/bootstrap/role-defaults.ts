import {
  type ClusterRole,
  type ClusterRoleBinding,
  jsonEqual,
  type ObjectMeta,
  type Role,
  type RoleBinding,
} from "#api";
import { autoupdateAnnotation, defaultClusterRoles } from "../authorization/defaults/defaults.ts";
import { staleAggregates } from "../authorization/rbac/aggregation.ts";
import { uncovered } from "../authorization/rbac/coverage.ts";

/** The default cluster roles with the aggregated ones filled in, so that a first start writes each once. */
export function aggregatedDefaults(): ClusterRole[] {
  const roles = new Map(defaultClusterRoles().map((role) => [role.metadata?.name, role]));
  for (let stale = staleAggregates([...roles.values()]); stale.length > 0; ) {
    for (const role of stale) roles.set(role.metadata?.name, role);
    stale = staleAggregates([...roles.values()]);
  }
  return [...roles.values()];
}

/** Gives a default role the rules it lost or never had. What an operator added stays. Aggregated rules are not its own. */
export function withMissingRules<T extends Role | ClusterRole>(present: T, wanted: T): T | undefined {
  if (!follows(present.metadata)) return undefined;
  const aggregated = "aggregationRule" in wanted && wanted.aggregationRule !== undefined;
  const missing = aggregated ? [] : uncovered(present.rules ?? [], wanted.rules ?? []);
  const next = { ...present, metadata: merged(present.metadata, wanted.metadata) };
  if (missing.length > 0) next.rules = [...(present.rules ?? []), ...missing];
  return jsonEqual(next, present) ? undefined : next;
}

/** Gives a default binding the subjects it lost. */
export function withMissingSubjects<T extends RoleBinding | ClusterRoleBinding>(
  present: T,
  wanted: T,
): T | undefined {
  if (!follows(present.metadata)) return undefined;
  const subjects = present.subjects ?? [];
  const missing = (wanted.subjects ?? []).filter(
    (subject) => !subjects.some((each) => jsonEqual(each, subject)),
  );
  const next = { ...present, metadata: merged(present.metadata, wanted.metadata) };
  if (missing.length > 0) next.subjects = [...subjects, ...missing];
  return jsonEqual(next, present) ? undefined : next;
}

function follows(metadata: ObjectMeta | undefined): boolean {
  return metadata?.annotations?.[autoupdateAnnotation] !== "false";
}

function merged(present: ObjectMeta | undefined, wanted: ObjectMeta | undefined): ObjectMeta {
  return {
    ...present,
    labels: { ...present?.labels, ...wanted?.labels },
    annotations: { ...wanted?.annotations, ...present?.annotations },
  };
}
