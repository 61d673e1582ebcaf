import { cloneJson } from "../json.ts";
import type { FieldSchema, TypeSchema } from "./type-schema.ts";

/**
 * Gives `object` the static defaults of its schema, in place: what is absent from no object that Kubernetes stores
 * (`resources: {}`, `protocol: TCP`), and what a custom kind's definition says. Defaults that compute are behaviour,
 * in the kind's definition.
 */
export function applyStaticDefaults(object: unknown, schema: TypeSchema): void {
  if (typeof object !== "object" || object === null) return;
  const { shape, element } = schema;
  if (shape === "object") {
    applyToFields(object as Record<string, unknown>, stepsOf(schema));
  } else if (element !== undefined && isComposite(element)) {
    for (const item of Object.values(object)) applyStaticDefaults(item, element);
  }
}

function applyToFields(object: Record<string, unknown>, steps: readonly Step[]): void {
  for (const step of steps) {
    let value = object[step.name];
    if (isUnset(value, step)) {
      if (step.default === undefined) continue;
      value = cloneJson(step.default);
      object[step.name] = value;
    }
    if (step.descend) applyStaticDefaults(value, step.schema);
  }
}

/** Whether a field's default takes its place: absent, or an empty string where that says as little. */
export function isUnset(value: unknown, field: Pick<FieldSchema, "emptyIsUnset">): boolean {
  return value === undefined || (value === "" && field.emptyIsUnset);
}

/** A field with a default of its own or, perhaps, below it. */
interface Step {
  readonly name: string;
  readonly schema: TypeSchema;
  readonly default: unknown;
  readonly emptyIsUnset: boolean;
  readonly descend: boolean;
}

const steps = new WeakMap<TypeSchema, readonly Step[]>();

function stepsOf(schema: TypeSchema): readonly Step[] {
  let known = steps.get(schema);
  if (known === undefined) {
    known = [...schema.fields.values()]
      .map((field) => ({
        name: field.name,
        schema: field.schema,
        default: field.default,
        emptyIsUnset: field.emptyIsUnset,
        descend: isComposite(field.schema),
      }))
      .filter((step) => step.descend || step.default !== undefined);
    steps.set(schema, known);
  }
  return known;
}

/** Whether defaults may lie below it. Looks no deeper than lists and maps, so that no type is made for the question. */
function isComposite(schema: TypeSchema): boolean {
  if (schema.shape === "object") return true;
  return (
    (schema.shape === "list" || schema.shape === "map") &&
    schema.element !== undefined &&
    isComposite(schema.element)
  );
}
