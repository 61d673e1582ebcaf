import type { FieldDefinition } from "../definitions/definition.ts";
import { definitionOf, fullName, type ScalarName, scalarSchemas } from "../schema/built-in.ts";

/** How one type travels: its fields by number. Made from the tables when first used. */
export interface Message {
  /** Ascending by number. */
  readonly fields: readonly MessageField[];
  readonly byNumber: ReadonlyMap<number, MessageField>;
}

export interface MessageField {
  readonly number: number;
  /** In JSON; empty for `inline`. */
  readonly name: string;
  readonly value: ValueType;
  /** `list`: repeated. `wrapped`: a list within a message of its own. `map`: entries with string keys. */
  readonly container: "none" | "list" | "wrapped" | "map";
  /** A map whose values are lists, each within a message of its own: `extra` of user attributes. */
  readonly wrappedValues: boolean;
  /** An empty value that arrives is kept: it says something, or JSON always has it. */
  readonly keepsEmpty: boolean;
}

/** `inline`: a message whose fields JSON writes into the object around it. */
type ValueType =
  | { readonly type: ScalarType }
  | { readonly type: "message" | "inline"; readonly message: () => Message };

/** What is one value on the wire. */
export type ScalarType = ScalarName | (typeof mixedTypes)[number];

/** A value of one sort or another: structs of their own upstream, told apart by the reader. */
const mixedTypes = [
  "JSONSchemaPropsOrArray",
  "JSONSchemaPropsOrBool",
  "JSONSchemaPropsOrStringArray",
] as const;

/** The message of a type by its full name: `core.v1.PodSpec`. */
export function messageOf(type: string): Message {
  let message = messages.get(type);
  if (message === undefined) {
    message = compile(type);
    messages.set(type, message);
  }
  return message;
}

const messages = new Map<string, Message>();

/** A message under construction: fields, and messages that JSON writes inline, by number. */
interface Draft {
  readonly fields: MessageField[];
  readonly inline: Map<number, Draft>;
}

function compile(type: string): Message {
  const owner = type.slice(0, type.lastIndexOf("."));
  const draft: Draft = { fields: [], inline: new Map() };
  for (const [name, field] of Object.entries(definitionOf(type).fields)) {
    if (field.protobuf === undefined) continue;
    const path = typeof field.protobuf === "number" ? [field.protobuf] : [...field.protobuf];
    const number = path.pop() as number;
    let target = draft;
    for (const step of path) {
      const inner: Draft = target.inline.get(step) ?? { fields: [], inline: new Map() };
      target.inline.set(step, inner);
      target = inner;
    }
    target.fields.push(fieldOf(name, number, field, owner));
  }
  return finish(draft);
}

function finish(draft: Draft): Message {
  const inline = [...draft.inline].map(([number, inner]): MessageField => {
    const message = finish(inner);
    return {
      number,
      name: "",
      value: { type: "inline", message: () => message },
      container: "none",
      wrappedValues: false,
      keepsEmpty: false,
    };
  });
  const fields = [...draft.fields, ...inline].sort((a, b) => a.number - b.number);
  return { fields, byNumber: new Map(fields.map((field) => [field.number, field])) };
}

function fieldOf(name: string, number: number, field: FieldDefinition, owner: string): MessageField {
  let element = field.type;
  let container: MessageField["container"] = "none";
  let wrappedValues = false;
  if (element.endsWith("[]")) {
    element = element.slice(0, -2);
    container = field.wire === undefined ? "list" : "wrapped";
  } else if (element.startsWith("map<")) {
    element = element.slice(4, -1);
    container = "map";
    wrappedValues = element.endsWith("[]");
    if (wrappedValues) element = element.slice(0, -2);
  }
  return {
    number,
    name,
    value: valueType(element, owner),
    container,
    wrappedValues,
    keepsEmpty: field.pointer === true || field.required === true || isEmpty(field.default),
  };
}

/** An empty default means that JSON always has the field; any other default is what an empty value stands for. */
function isEmpty(value: unknown): boolean {
  return value !== undefined && (typeof value === "object" || value === "" || value === 0 || value === false);
}

function valueType(type: string, owner: string): ValueType {
  if (scalarTypes.has(type)) return { type: type as ScalarType };
  const name = fullName(type, owner);
  return { type: "message", message: () => messageOf(name) };
}

const scalarTypes: ReadonlySet<string> = new Set([...Object.keys(scalarSchemas), ...mixedTypes]);
