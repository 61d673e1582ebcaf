import { assert } from "#base";
import { type Content, content, type Pieces } from "./content.ts";

/** What a schema's values are: `Out` as a handler sees them, `In` as a client may write them (defaults left out). */
declare const out: unique symbol;
declare const into: unique symbol;

/** JSON Schema (draft 2020-12, the dialect of OpenAPI 3.1) that TypeScript knows the values of. As a value it is the plain schema. */
export interface Schema<Out, In = Out> {
  readonly [out]?: Out;
  readonly [into]?: In;
  readonly [keyword: string]: unknown;
}

/** A field that may be absent. */
export interface OptionalSchema<Out, In = Out> extends Schema<Out, In> {
  readonly [absent]: "optional";
}

/** A field that a client may leave out, and that a handler then sees with its default. */
export interface DefaultedSchema<Out, In = Out> extends Schema<Out, In> {
  readonly [absent]: "defaulted";
}

/** Says of a field's schema what its absence means. A symbol, so that it is no part of the JSON. */
const absent: unique symbol = Symbol("absent");

/** A whole answer that comes in pieces. */
export interface StreamSchema extends Schema<ReadableStream<Uint8Array>, Pieces> {
  readonly [content]: Content & { readonly as: "stream" };
}

export type Output<S> = S extends Schema<infer Out, infer _In> ? Out : never;
export type Input<S> = S extends Schema<infer _Out, infer In> ? In : never;

type Fields = Readonly<Record<string, Schema<unknown>>>;
type Flat<T> = { readonly [Key in keyof T]: T[Key] };
type OptionalKeys<F> = { [Key in keyof F]: F[Key] extends { [absent]: "optional" } ? Key : never }[keyof F];
type OmissibleKeys<F> = { [Key in keyof F]: F[Key] extends { [absent]: string } ? Key : never }[keyof F];
type ObjectOut<F> = Flat<
  { [Key in Exclude<keyof F, OptionalKeys<F>>]: Output<F[Key]> } & {
    [Key in OptionalKeys<F>]?: Output<F[Key]>;
  }
>;
type ObjectIn<F> = Flat<
  { [Key in Exclude<keyof F, OmissibleKeys<F>>]: Input<F[Key]> } & {
    [Key in OmissibleKeys<F>]?: Input<F[Key]>;
  }
>;

/** What every schema may say about itself, for readers of the OpenAPI document. */
interface Described {
  readonly description?: string;
}

interface StringOptions extends Described {
  readonly minLength?: number;
  readonly maxLength?: number;
  /** A regular expression, as source. Anchor it: `^…$`. */
  readonly pattern?: string;
  readonly format?: "date" | "date-time" | "email" | "ipv4" | "ipv6" | "uri" | "uuid";
}

interface NumberOptions extends Described {
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly multipleOf?: number;
}

interface ArrayOptions extends Described {
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly uniqueItems?: boolean;
}

/** Makes schemas. Limits keep the names that JSON Schema has for them. */
export const t = {
  string: (options: StringOptions = {}): Schema<string> => ({ type: "string", ...options }),
  number: (options: NumberOptions = {}): Schema<number> => ({ type: "number", ...options }),
  integer: (options: NumberOptions = {}): Schema<number> => ({ type: "integer", ...options }),
  boolean: (options: Described = {}): Schema<boolean> => ({ type: "boolean", ...options }),

  /** One of a few texts. */
  oneOf: <const T extends string>(values: readonly T[], options: Described = {}): Schema<T> => ({
    type: "string",
    enum: values,
    ...options,
  }),

  literal: <const T extends string | number | boolean>(value: T): Schema<T> => ({ const: value }),

  array: <S extends Schema<unknown>>(
    items: S,
    options: ArrayOptions = {},
  ): Schema<readonly Output<S>[], readonly Input<S>[]> => {
    // Each is compared with each.
    assert(
      !options.uniqueItems || options.maxItems !== undefined,
      "an array whose items are to be unlike one another has a maxItems: else a stranger's takes minutes to check",
    );
    return { type: "array", items, ...options };
  },

  /** An object with these fields and no others: a misspelt one would otherwise be ignored in silence. */
  object: <F extends Fields>(fields: F, options: Described = {}): Schema<ObjectOut<F>, ObjectIn<F>> => ({
    type: "object",
    properties: fields,
    required: Object.keys(fields).filter((name) => !(absent in (fields[name] as object))),
    additionalProperties: false,
    ...options,
  }),

  /** An object with any names, and values that are alike. */
  record: <S extends Schema<unknown>>(
    values: S,
    options: Described = {},
  ): Schema<Readonly<Record<string, Output<S>>>, Readonly<Record<string, Input<S>>>> => ({
    type: "object",
    additionalProperties: values,
    ...options,
  }),

  /** A value of any of these. */
  union: <const S extends readonly Schema<unknown>[]>(
    ...anyOf: S
  ): Schema<Output<S[number]>, Input<S[number]>> => ({ anyOf }),

  nullable: <S extends Schema<unknown>>(schema: S): Schema<Output<S> | null, Input<S> | null> => ({
    anyOf: [schema, { type: "null" }],
  }),

  /** A field of an object that may be absent. */
  optional: <Out, In>(schema: Schema<Out, In>): OptionalSchema<Out, In> => ({
    ...schema,
    [absent]: "optional",
  }),

  /** A field of an object that has this value when it is absent. */
  defaulted: <Out, In>(schema: Schema<Out, In>, value: NoInfer<Out>): DefaultedSchema<Out, In> => ({
    ...schema,
    default: value,
    [absent]: "defaulted",
  }),

  /** A whole answer that is text and not JSON: a page, a style sheet. `type` as in its header: `text/html; charset=utf-8`. */
  text: (type: string): Schema<string> =>
    ({ type: "string", [content]: { type, as: "text" } }) as Schema<string>,

  /** A whole answer that is bytes: a picture, a file that is small. */
  bytes: (type: string): Schema<Uint8Array> =>
    ({ [content]: { type, as: "bytes" } }) as unknown as Schema<Uint8Array>,

  /** A whole answer in pieces, as they come: an export, a large file, events (`text/event-stream`). A handler gives any async iterable. */
  stream: (type: string): StreamSchema => ({ [content]: { type, as: "stream" } }),

  /** Any JSON at all. */
  unknown: (options: Described = {}): Schema<unknown> => ({ ...options }),

  /** JSON Schema that is written elsewhere. That its values are `T` is taken on trust. */
  schema: <T>(schema: object): Schema<T> => ({ ...schema }),
};
