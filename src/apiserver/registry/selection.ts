import {
  compileFieldSelector,
  type FieldRequirement,
  type KubernetesObject,
  parseFieldSelector,
  parseLabelSelector,
} from "#api";
import type { ServedKind } from "./catalogue.ts";
import type { Facts } from "./objects.ts";

/** Which objects of a kind a list or watch is about. */
export interface Selection {
  readonly namespace: string | undefined;
  /** The one name that can match, if the field selector says so. */
  readonly name: string | undefined;
  /** Absent: all of the scope. */
  readonly matches: ((facts: Facts) => boolean) | undefined;
}

/** Reads `labelSelector` and `fieldSelector`. Throws BadRequest. */
export function selectionOf(
  kind: ServedKind,
  namespace: string | undefined,
  query: URLSearchParams,
): Selection {
  const labelText = query.get("labelSelector") ?? "";
  const fieldText = query.get("fieldSelector") ?? "";
  if (labelText === "" && fieldText === "") return { namespace, name: undefined, matches: undefined };

  const labels = parseLabelSelector(labelText);
  const fields = parseFieldSelector(fieldText);
  const byFields = compileFieldSelector(fields, selectable(kind));
  const name = exact(fields.requirements, "metadata.name");
  const scope = namespace ?? exact(fields.requirements, "metadata.namespace");
  const hasFields = fields.requirements.length > 0;
  if (labels.isEverything && !hasFields) return { namespace, name: undefined, matches: undefined };
  return {
    namespace: kind.resource.namespaced ? scope : undefined,
    name,
    matches: (facts) => labels.matches(facts.metadata.labels) && (!hasFields || byFields(facts)),
  };
}

function exact(requirements: readonly FieldRequirement[], field: string): string | undefined {
  return requirements.find((each) => each.field === field && each.operator === "=")?.value;
}

type SelectableFacts = KubernetesObject & Facts;

/** The kind's selectable fields, answered from facts. */
function selectable(kind: ServedKind): Parameters<typeof compileFieldSelector<SelectableFacts>>[1] {
  const fields: Record<string, (facts: SelectableFacts) => string> = {};
  for (const field in kind.definition.selectableFields) {
    fields[field] = (facts) => facts.fields[field] ?? "";
  }
  return { resource: kind.resource, selectableFields: fields };
}
