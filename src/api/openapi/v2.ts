import { tables } from "../generated/tables.ts";
import type { JsonObject } from "../json.ts";
import { definitionOf } from "../schema/built-in.ts";
import type { Operation } from "./operations.ts";
import type { Parameter } from "./parameters.ts";
import { openApiV3Paths } from "./paths.ts";
import { paced } from "./pause.ts";
import { type DocumentOptions, type GroupVersion, openApiName, schemaName, schemasOf } from "./schemas.ts";
import {
  codeWords,
  groupVersionAt,
  objectTypes,
  operationsAt,
  patchTypes,
  sharedParameters,
  streamTypes,
  tagOf,
  textTypes,
} from "./v3.ts";

/** The OpenAPI v2 document of all built-in groups at once. Made anew at every call: keep the bytes. */
export async function openApiV2(options: DocumentOptions): Promise<JsonObject> {
  const paths: [string, JsonObject][] = [];
  const types = new Set<string>();
  for await (const path of paced(openApiV3Paths(), 1, options.pause)) {
    const operations = operationsAt(path) ?? [];
    for (const { answer, body } of operations) {
      if (answer !== "text") types.add(answer);
      if (body) types.add(body.type);
    }
    for (const [url, list] of Map.groupBy(operations, (operation) => operation.path)) {
      paths.push([url, pathItem(list, groupVersionAt(path))]);
    }
  }
  const schemas = (await schemasOf(types, undefined, options)) as Record<string, JsonObject>;
  await options.pause();
  const definitions = Object.entries(schemas).map(([name, schema]): [string, JsonObject] => [
    name,
    downgrade(schema),
  ]);
  return {
    swagger: "2.0",
    info: { title: "Kubernetes", version: "v1.36.0" },
    paths: Object.fromEntries(paths.sort(([a], [b]) => (a < b ? -1 : 1))),
    definitions: withEveryGroup(Object.fromEntries(definitions)),
    securityDefinitions: {
      BearerToken: {
        type: "apiKey",
        description: "A bearer token: `Bearer` and the token, as the header's value.",
        name: "authorization",
        in: "header",
      },
    },
    security: [{ BearerToken: [] }],
  };
}

/** A schema as v2 can say it: no defaults, no `oneOf`, a reference with its description beside it. */
function downgrade(schema: JsonObject): JsonObject {
  const { allOf, oneOf, default: _, properties, items, additionalProperties, $ref, ...rest } = schema;
  const reference = ($ref ?? (allOf as JsonObject[] | undefined)?.[0]?.$ref) as string | undefined;
  const fields = Object.entries((properties ?? {}) as Record<string, JsonObject>);
  return {
    ...rest,
    ...(reference === undefined
      ? {}
      : { $ref: reference.replace("#/components/schemas/", "#/definitions/") }),
    ...(oneOf ? { type: "string" } : {}),
    ...(fields.length > 0
      ? { properties: Object.fromEntries(fields.map(([name, field]) => [name, downgrade(field)])) }
      : {}),
    ...(items ? { items: downgrade(items as JsonObject) } : {}),
    ...(additionalProperties ? { additionalProperties: downgrade(additionalProperties as JsonObject) } : {}),
  };
}

/** In one document for all groups, the kinds of every group and version name them all. */
function withEveryGroup(definitions: Record<string, JsonObject>): JsonObject {
  const served = openApiV3Paths().flatMap((path) => groupVersionAt(path) ?? []);
  for (const kind of Object.keys(tables["meta.v1"]?.types ?? {})) {
    const type = `meta.v1.${kind}`;
    const schema = definitions[openApiName(type)];
    if (schema === undefined || definitionOf(type).kind !== "everywhere") continue;
    schema["x-kubernetes-group-version-kind"] = served.map(({ group, version }) => ({
      group,
      kind,
      version,
    }));
  }
  return definitions;
}

function pathItem(operations: readonly Operation[], served: GroupVersion | undefined): JsonObject {
  const shared = sharedParameters(operations);
  const item: JsonObject = {};
  for (const operation of operations) {
    const own = operation.parameters.filter((parameter) => !shared.includes(parameter));
    item[operation.method] = operationObject(operation, own, served);
  }
  if (shared.length > 0) item.parameters = shared.map(parameterObject);
  return item;
}

function operationObject(
  operation: Operation,
  parameters: readonly Parameter[],
  served: GroupVersion | undefined,
): JsonObject {
  const { answer, body } = operation;
  const schema = answer === "text" ? { type: "string" } : reference(answer);
  const responses: JsonObject = {};
  for (const code of operation.codes) responses[code] = { description: codeWords[code] ?? "", schema };
  responses["401"] = { description: "Unauthorized" };
  const list = parameters.map(parameterObject);
  if (body)
    list.unshift({
      name: "body",
      in: "body",
      ...(body.required ? { required: true } : {}),
      schema: reference(body.type),
    });
  return {
    tags: [tagOf(operation, served)],
    operationId: operation.id,
    consumes: body?.type === "Patch" ? [...patchTypes] : ["*/*"],
    produces: [...(answer === "text" ? textTypes(operation) : operation.streams ? streamTypes : objectTypes)],
    schemes: ["https"],
    ...(list.length > 0 ? { parameters: list } : {}),
    responses,
    ...(operation.action ? { "x-kubernetes-action": operation.action } : {}),
    ...(operation.kind ? { "x-kubernetes-group-version-kind": { ...operation.kind } } : {}),
  };
}

function parameterObject({ schema, ...parameter }: Parameter): JsonObject {
  return { ...parameter, ...schema };
}

function reference(type: string): JsonObject {
  return { $ref: `#/definitions/${schemaName(type)}` };
}
