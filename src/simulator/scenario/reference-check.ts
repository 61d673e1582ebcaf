import type { PodSpec } from "#api";
import { fieldAt } from "./field-at.ts";
import { unknown } from "./located.ts";
import type { Mistake } from "./mistakes.ts";
import type { PlacedObject, ScenarioEvent } from "./scenario.ts";

/** What pods name, and without which none of them can be created. */
interface Reference {
  readonly kind: "PriorityClass" | "RuntimeClass" | "ServiceAccount";
  readonly field: "priorityClassName" | "runtimeClassName" | "serviceAccountName";
  /** There without anybody's doing. */
  readonly builtIn: readonly string[];
}

const references: readonly Reference[] = [
  {
    kind: "PriorityClass",
    field: "priorityClassName",
    builtIn: ["system-cluster-critical", "system-node-critical"],
  },
  { kind: "RuntimeClass", field: "runtimeClassName", builtIn: [] },
  { kind: "ServiceAccount", field: "serviceAccountName", builtIn: ["default"] },
];

/** Where kinds have the pods that they make. */
const podSpecs = ["spec", "spec.template.spec", "spec.jobTemplate.spec.template.spec"];

/**
 * Pods that name what nobody ever defines: their controllers would try to create them for ever, and the reason would stand in a condition. What comes later is
 * waited for, as in a cluster. What is `there` already (in a live cluster) can be named, and is nobody's mistake.
 */
export function mistakesOfReference(
  objects: readonly PlacedObject[],
  { events, there }: { readonly events: readonly ScenarioEvent[]; readonly there: readonly PlacedObject[] },
): Mistake[] {
  const deployed = events.flatMap(({ action }) => (action.do === "deploy" ? action.objects : []));
  const written = [...objects, ...deployed];
  return written.flatMap((placed) => mistakes(placed, [...there, ...written]));
}

function mistakes({ object, placeOf }: PlacedObject, there: readonly PlacedObject[]): Mistake[] {
  const namespace = object.metadata?.namespace;
  return podSpecs.flatMap((path) => {
    const spec = fieldAt(object, path) as Partial<PodSpec> | undefined;
    if (path === "spec" && object.kind !== "Pod") return [];
    return references.flatMap(({ kind, field, builtIn }) => {
      const name = spec?.[field];
      if (typeof name !== "string" || name === "") return [];
      const known = [...builtIn, ...namesOf(kind, there, namespace)];
      if (known.includes(name)) return [];
      return [
        {
          place: placeOf(`${path}.${field}`),
          message: `${unknown(kind, name, known)}; its pods could not be created`,
        },
      ];
    });
  });
}

function namesOf(kind: Reference["kind"], there: readonly PlacedObject[], namespace?: string): string[] {
  return there.flatMap(({ object: { kind: is, metadata } }) =>
    is === kind && (kind !== "ServiceAccount" || metadata?.namespace === namespace)
      ? [metadata?.name ?? ""]
      : [],
  );
}
