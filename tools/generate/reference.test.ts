/** What is served against the official facts, for every kind. Skipped, saying so, where those are not at hand. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { openApiV3Paths } from "../../src/api/openapi/paths.ts";
import { openApiV3 } from "../../src/api/openapi/v3.ts";
import { type Message, messageOf } from "../../src/api/protobuf/message.ts";
import { definitionOf, typeOf } from "../../src/api/schema/built-in.ts";
import { referenceDirectory } from "./places.ts";
import { readDefinitions } from "./read.ts";

const pause = (): Promise<void> => Promise.resolve();

type Json = Record<string, unknown>;

const reference = referenceDirectory();
const skip = reference === undefined ? "no reference data: set NACRE_REFERENCE" : false;

test("there is a document for every path of the reference, and no other", { skip }, () => {
  assert.deepEqual(openApiV3Paths(), [...documents().keys()].sort());
});

test("the schemas of every document are those of the reference", { skip }, async () => {
  for (const [path, expected] of documents()) {
    const served = schemasIn(await openApiV3(path, { describe: () => "said in a sentence", pause }));
    const official = schemasIn(expected);
    assert.deepEqual(Object.keys(served), Object.keys(official).sort(), path);
    for (const name of Object.keys(official)) {
      assert.deepEqual(plain(served[name]), plain(official[name]), `${path}: ${name}`);
    }
  }
});

test("the paths of every document are those of the reference, to the parameter", { skip }, async () => {
  for (const [path, expected] of documents()) {
    const served = (await openApiV3(path, { describe: () => undefined, pause }))?.paths as Json;
    assert.deepEqual(Object.keys(served), Object.keys(expected.paths as Json).sort(), path);
    for (const [url, item] of Object.entries(expected.paths as Json)) {
      assert.deepEqual(operations(served[url] as Json), operations(item as Json), `${path}: ${url}`);
    }
  }
});

test("every field of every kind has its official protobuf number", { skip }, () => {
  const official = JSON.parse(readFileSync(join(reference ?? "", "protobuf-fields.json"), "utf8")) as Json;
  let kinds = 0;
  for (const [owner, definition] of readDefinitions()) {
    for (const [name, type] of Object.entries(definition.types)) {
      const message = (official[definition.protobuf] as Json | undefined)?.[name] as Json | undefined;
      if (message === undefined) continue;
      if (type.kind) kinds += 1;
      const numbers = Object.values(message).map((field) => (field as [number, string])[0]);
      assert.deepEqual(
        numbersOf(messageOf(`${owner}.${name}`)),
        numbers.sort((a, b) => a - b),
        `${owner}.${name}`,
      );
    }
  }
  assert.ok(kinds > 130, `only ${kinds} kinds were checked`);
});

test("every kind of the reference has a type", { skip }, () => {
  for (const document of documents().values()) {
    for (const schema of Object.values(schemasIn(document))) {
      for (const gvk of ((schema as Json)["x-kubernetes-group-version-kind"] ?? []) as Json[]) {
        const kind = { group: String(gvk.group), version: String(gvk.version), kind: String(gvk.kind) };
        const type = typeOf(kind);
        assert.ok(type && definitionOf(type).kind, JSON.stringify(kind));
      }
    }
  }
});

/** The reference's documents by the path they are served at. */
function documents(): Map<string, Json> {
  const directory = join(reference ?? "", "openapi-v3");
  return new Map(
    readdirSync(directory)
      .filter((file) => file.endsWith(".json"))
      .map((file) => [
        file.slice(0, -".json".length).replaceAll("__", "/"),
        JSON.parse(readFileSync(join(directory, file), "utf8")) as Json,
      ]),
  );
}

function schemasIn(document: Json | undefined): Json {
  return ((document?.components as Json | undefined)?.schemas ?? {}) as Json;
}

/** Without descriptions, which are our own, and with a lone `allOf` written as what it holds. */
function plain(schema: unknown): Json {
  const {
    description: _,
    allOf,
    properties,
    required,
    items,
    additionalProperties,
    ...rest
  } = schema as Json;
  const fields = Object.entries((properties ?? {}) as Json).map(
    ([name, field]) => [name, plain(field)] as const,
  );
  return {
    ...rest,
    ...(allOf ? ((allOf as Json[])[0] as Json) : {}),
    ...(required ? { required: [...(required as string[])].sort() } : {}),
    ...(fields.length > 0 ? { properties: Object.fromEntries(fields) } : {}),
    ...(items ? { items: plain(items) } : {}),
    ...(additionalProperties ? { additionalProperties: plain(additionalProperties) } : {}),
  };
}

/** What an operation asks and answers; not the media types, where CBOR is not served here. */
function operations(item: Json): unknown {
  return Object.fromEntries(
    Object.entries(item).map(([method, value]): [string, unknown] => {
      if (method === "parameters") return [method, parameters(value)];
      const operation = value as Json;
      const body = operation.requestBody as Json | undefined;
      const codes = Object.entries(operation.responses as Record<string, Json>);
      return [
        method,
        {
          id: operation.operationId,
          tags: operation.tags,
          action: operation["x-kubernetes-action"],
          kind: operation["x-kubernetes-group-version-kind"],
          parameters: parameters(operation.parameters ?? []),
          body: body && { required: body.required, schema: schemaOf(body) },
          answers: Object.fromEntries(codes.map(([code, answer]) => [code, schemaOf(answer)])),
        },
      ];
    }),
  );
}

function parameters(list: unknown): unknown {
  return (list as Json[]).map(({ description: _, ...parameter }) => parameter);
}

function schemaOf(content: Json): unknown {
  return Object.values((content.content ?? {}) as Record<string, Json>)[0]?.schema;
}

/** The numbers of a message; what JSON writes inline counts as the one field that it is. */
function numbersOf(message: Message): number[] {
  return message.fields.map((field) => field.number);
}
