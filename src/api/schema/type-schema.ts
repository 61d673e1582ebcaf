/**
 * What a value may be and how two versions of it merge. Built-in kinds get theirs from the generated tables
 * (`schemaOf`), custom ones from their definition's OpenAPI v3 schema (`schemaFromOpenApi`): decoding, defaulting,
 * strategic merge and server-side apply work on this interface alone and cannot tell which they have.
 */
export interface TypeSchema {
  readonly shape: Shape;
  /** For messages: `PodSpec`, `int32`, `[]Container`. */
  readonly name: string;
  /** The fields of an `object`; empty for every other shape. */
  readonly fields: ReadonlyMap<string, FieldSchema>;
  /** What a `list` or `map` holds, or the object an `either` may be; undefined for every other shape. */
  readonly element: TypeSchema | undefined;
  /**
   * How server-side apply merges it. `atomic`: as one value. `granular`: an object or map, by field. `set`: a list,
   * by value. `associative`: a list, by the `keys` of its elements. Scalars are `atomic`.
   */
  readonly merge: "atomic" | "granular" | "set" | "associative";
  /** The fields whose values name an element of an `associative` list; else empty. */
  readonly keys: readonly string[];
  /** Unknown fields stay and are no error: `x-kubernetes-preserve-unknown-fields`, and raw JSON. */
  readonly preservesUnknown: boolean;
  /** An object's optional lists and maps are not kept when they are empty: Kubernetes' own types are stored without them. */
  readonly omitsEmpty: boolean;
}

/**
 * `object` has named fields, `map` has any; `either` is what OpenAPI cannot say in Kubernetes' dialect: an object of
 * `element`, or a boolean, or a list of such objects or strings (`JSONSchemaPropsOrBool`, …). `any` is raw JSON.
 */
export type Shape =
  | "object"
  | "map"
  | "list"
  | "either"
  | "any"
  | "string"
  | "bytes"
  | "boolean"
  | "int32"
  | "int64"
  | "double"
  | "quantity"
  | "intOrString"
  | "time"
  | "microTime";

export interface FieldSchema {
  readonly name: string;
  readonly schema: TypeSchema;
  readonly required: boolean;
  /** The static default; `undefined` when there is none. Shared: clone before use. */
  readonly default: unknown;
  /** Whether the default also takes the place of `""`. */
  readonly emptyIsUnset: boolean;
  /** How strategic merge patch treats it; `undefined`: objects merge, lists are replaced. */
  readonly patch: PatchRule | undefined;
}

/** `x-kubernetes-patch-strategy` and `x-kubernetes-patch-merge-key`. */
export interface PatchRule {
  /** A list merges its elements, by `mergeKey` when they are objects, else by value. */
  readonly merge: boolean;
  /** An object or list is replaced whole. */
  readonly replace: boolean;
  /** `$retainKeys` applies to the object, or to the elements of the list. */
  readonly retainKeys: boolean;
  readonly mergeKey: string | undefined;
}
