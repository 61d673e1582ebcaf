import type { JsonObject } from "../json.ts";
import { Writer } from "../protobuf/writer.ts";
import { type Pause, paced } from "./pause.ts";

/**
 * An OpenAPI v2 document as the protobuf message `openapi.v2.Document` (gnostic's OpenAPIv2.proto), which is how
 * kubectl and helm ask for it. The writer works back to front; only the order within lists matters.
 */
export async function encodeGnostic(document: JsonObject, pause: Pause): Promise<Uint8Array> {
  const definitions = await pieces(document.definitions as JsonObject, 1, pause, writeSchema);
  const paths = await pieces(document.paths as JsonObject, 2, pause, writePathItem);
  const out = new GnosticWriter();
  const info = document.info as JsonObject;
  out.each(12, document.security as JsonObject[], (requirement) => out.named(1, requirement, () => {}));
  out.nested(13, () => {
    out.named(1, document.securityDefinitions as JsonObject, (definition) => {
      // Item of a oneof: 2 is an API key.
      out.nested(2, () => out.texts(definition, { type: 1, name: 2, in: 3, description: 4 }));
    });
  });
  out.nested(9, () => out.pieces(definitions));
  out.nested(8, () => out.pieces(paths));
  out.nested(2, () => out.texts(info, { title: 1, version: 2 }));
  out.text(1, document.swagger);
  return out.finish();
}

/** The entries of a large map, each a field `number` written apart, so that there can be pauses between them. */
async function pieces(
  map: JsonObject,
  number: number,
  pause: Pause,
  write: (out: GnosticWriter, value: JsonObject) => void,
): Promise<Uint8Array[]> {
  const written: Uint8Array[] = [];
  for await (const [name, value] of paced(Object.entries(map), entriesPerPiece, pause)) {
    const out = new GnosticWriter();
    out.named(number, { [name]: value }, (item) => write(out, item));
    written.push(out.finish());
  }
  return written;
}

const entriesPerPiece = 25;

const methodNumbers: Readonly<Record<string, number>> = {
  get: 2,
  put: 3,
  post: 4,
  delete: 5,
  options: 6,
  head: 7,
  patch: 8,
};

function writePathItem(out: GnosticWriter, item: JsonObject): void {
  for (const [method, number] of Object.entries(methodNumbers)) {
    const operation = item[method];
    if (operation !== undefined) out.nested(number, () => writeOperation(out, operation as JsonObject));
  }
  out.each(9, item.parameters as JsonObject[], (parameter) => writeParameter(out, parameter));
}

function writeOperation(out: GnosticWriter, operation: JsonObject): void {
  out.extensions(13, operation);
  out.list(10, operation.schemes);
  out.nested(9, () => {
    out.named(1, operation.responses as JsonObject, (response) => {
      // Item of a oneof: 1 is a response, 2 a reference.
      out.nested(1, () => {
        const { schema } = response;
        if (schema) out.nested(2, () => out.nested(1, () => writeSchema(out, schema as JsonObject)));
        out.texts(response, { description: 1 });
      });
    });
  });
  out.each(8, operation.parameters as JsonObject[], (parameter) => writeParameter(out, parameter));
  out.list(7, operation.consumes);
  out.list(6, operation.produces);
  out.texts(operation, { description: 3, operationId: 5 });
  out.list(1, operation.tags);
}

/** `ParametersItem` → `Parameter` → one of body (1) and others (2), which are queries (3) and paths (4). */
function writeParameter(out: GnosticWriter, parameter: JsonObject): void {
  out.nested(1, () => {
    if (parameter.in === "body") {
      out.nested(1, () => {
        out.nested(5, () => writeSchema(out, parameter.schema as JsonObject));
        out.flag(4, parameter.required);
        out.texts(parameter, { description: 1, name: 2, in: 3 });
      });
      return;
    }
    const isPath = parameter.in === "path";
    out.nested(2, () => {
      out.nested(isPath ? 4 : 3, () => {
        out.flag(isPath ? 19 : 20, parameter.uniqueItems);
        out.texts(parameter, { in: 2, description: 3, name: 4, ...(isPath ? { type: 5 } : { type: 6 }) });
        out.flag(1, parameter.required);
      });
    });
  });
}

function writeSchema(out: GnosticWriter, schema: JsonObject): void {
  out.extensions(31, schema);
  const { properties, items, additionalProperties, type } = schema;
  if (properties) {
    out.nested(25, () => out.named(1, properties as JsonObject, (field) => writeSchema(out, field)));
  }
  if (items) out.nested(23, () => out.nested(1, () => writeSchema(out, items as JsonObject)));
  if (type) out.nested(22, () => out.text(1, type));
  if (additionalProperties) {
    out.nested(21, () => out.nested(1, () => writeSchema(out, additionalProperties as JsonObject)));
  }
  out.list(19, schema.required);
  out.texts(schema, { $ref: 1, format: 2, description: 4 });
}

class GnosticWriter {
  readonly #writer = new Writer();

  finish(): Uint8Array {
    return this.#writer.finish();
  }

  pieces(written: readonly Uint8Array[]): void {
    for (const bytes of written.toReversed()) this.#writer.bytes(bytes);
  }

  nested(number: number, write: () => void): void {
    const mark = this.#writer.size;
    write();
    this.#writer.length(mark);
    this.#writer.tag(number, 2);
  }

  text(number: number, value: unknown): void {
    if (typeof value === "string" && value !== "") this.nested(number, () => this.#writer.string(value));
  }

  texts(from: JsonObject, numbers: Readonly<Record<string, number>>): void {
    for (const [name, number] of Object.entries(numbers)) this.text(number, from[name]);
  }

  flag(number: number, value: unknown): void {
    if (value !== true) return;
    this.#writer.varint(1);
    this.#writer.tag(number, 0);
  }

  list(number: number, values: unknown): void {
    for (const value of ((values ?? []) as string[]).toReversed()) this.text(number, value);
  }

  each<T>(number: number, values: readonly T[] | undefined, write: (value: T) => void): void {
    for (const value of (values ?? []).toReversed()) this.nested(number, () => write(value));
  }

  /** A map, as a list of pairs of name and value. */
  named(number: number, map: JsonObject, write: (value: JsonObject) => void): void {
    for (const [name, value] of Object.entries(map).reverse()) {
      this.nested(number, () => {
        this.nested(2, () => write(value as JsonObject));
        this.text(1, name);
      });
    }
  }

  /** `x-…`, each as YAML, of which JSON is a part. */
  extensions(number: number, from: JsonObject): void {
    for (const [name, value] of Object.entries(from).reverse()) {
      if (!name.startsWith("x-")) continue;
      this.nested(number, () => {
        this.nested(2, () => this.text(2, JSON.stringify(value)));
        this.text(1, name);
      });
    }
  }
}
