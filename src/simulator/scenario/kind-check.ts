import { type KubernetesObject, type Resource, type TypeSchema, tryParseQuantity } from "#api";
import { schemaOf } from "#api/behaviour";
import { unknownField } from "./located.ts";

/** Something in an object that its kind cannot have. */
export interface KindMistake {
  /** `spec.template.spec.containers[0].resources.requests.cpu` */
  readonly field: string;
  readonly message: string;
}

/**
 * All the fields that an object's kind does not have, and all the quantities that are none. The API refuses objects for more than
 * that, but one mistake at a time, and only when they are applied.
 */
export function mistakesOfKind(object: KubernetesObject, resource: Resource): KindMistake[] {
  const schema = schemaOf(resource);
  return schema ? check(object, schema, "") : [];
}

function check(value: unknown, schema: TypeSchema, path: string): KindMistake[] {
  if (value === null || value === undefined) return [];
  const { shape, element } = schema;
  if (shape === "quantity") return quantity(value, path);
  if (typeof value !== "object") return [];
  if (shape === "object") return fields(value, schema, path);
  if (!element || (shape !== "list" && shape !== "map")) return [];
  return Object.entries(value).flatMap(([key, item]) =>
    check(item, element, shape === "list" ? `${path}[${key}]` : below(path, key)),
  );
}

function fields(value: object, schema: TypeSchema, path: string): KindMistake[] {
  return Object.entries(value).flatMap(([key, item]) => {
    const field = schema.fields.get(key);
    if (field) return check(item, field.schema, below(path, key));
    if (schema.preservesUnknown) return [];
    return [
      {
        field: below(path, key),
        message: unknownField(`a ${schema.name.replace(/^.*\./, "")}`, key, [...schema.fields.keys()]),
      },
    ];
  });
}

function quantity(value: unknown, field: string): KindMistake[] {
  if (tryParseQuantity(value as string | number)) return [];
  return [{ field, message: `"${value}" is no quantity; write 2 or 500m for cpu, 2Gi or 512Mi for memory` }];
}

function below(path: string, key: string): string {
  return path === "" ? key : `${path}.${key}`;
}
