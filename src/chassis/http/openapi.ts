import { contentOf } from "./content.ts";
import type { Route, Routes, Shape } from "./route.ts";
import type { Schema } from "./schema.ts";

/** What a document says about the service as a whole. */
export interface ApiTitle {
  readonly title: string;
  readonly version: string;
  readonly description?: string;
}

/** The OpenAPI 3.1 document of routes, https://spec.openapis.org/oas/v3.1.1.html. */
export function openApi(routes: Routes, about: ApiTitle): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const [name, route] of Object.entries(routes)) {
    paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: operation(name, route) };
  }
  return {
    openapi: "3.1.1",
    info: about,
    paths,
    components: {
      schemas: { Problem: problemSchema },
      securitySchemes: { bearer: { type: "http", scheme: "bearer", bearerFormat: "JWT" } },
    },
  };
}

function operation(name: string, { path, shape }: Route): object {
  const parameters = [
    ...pathParameters(path, shape),
    ...parametersOf("query", shape.query),
    ...parametersOf("header", shape.headers),
  ];
  return {
    operationId: name,
    ...(shape.summary ? { summary: shape.summary } : {}),
    ...(shape.tags ? { tags: shape.tags } : {}),
    ...(shape.access ? { security: [{ bearer: shape.access.scopes ?? [] }] } : {}),
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(shape.body ? { requestBody: { required: true, content: json(shape.body) } } : {}),
    responses: responses(shape),
  };
}

function responses({ answers }: Shape): object {
  const declared = Object.entries(answers).map(([status, schema]) => [
    status,
    {
      description: descriptions[status] ?? "The answer.",
      ...(schema ? { content: { [contentOf(schema).type]: { schema } } } : {}),
    },
  ]);
  return { ...Object.fromEntries(declared), default: problemAnswer };
}

const descriptions: Readonly<Record<string, string>> = {
  200: "As asked.",
  201: "Made.",
  202: "Accepted, and done later.",
  204: "Done.",
};

function pathParameters(path: string, { params }: Shape): object[] {
  const described = properties(params);
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: "path",
    required: true,
    schema: described[name as string] ?? { type: "string" },
  }));
}

function parametersOf(place: "query" | "header", schema: Schema<unknown> | undefined): object[] {
  const required = (schema?.required ?? []) as readonly string[];
  return Object.entries(properties(schema)).map(([name, each]) => ({
    name,
    in: place,
    required: required.includes(name),
    schema: each,
  }));
}

function properties(schema: Schema<unknown> | undefined): Readonly<Record<string, object>> {
  return (schema?.properties ?? {}) as Record<string, object>;
}

function json(schema: object): object {
  return { "application/json": { schema } };
}

const problemAnswer = {
  description: "A problem, RFC 9457.",
  content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
};

const problemSchema = {
  type: "object",
  required: ["type", "title", "status", "detail"],
  properties: {
    type: { type: "string", format: "uri-reference" },
    title: { type: "string" },
    status: { type: "integer" },
    detail: { type: "string" },
    trace_id: { type: "string" },
    errors: {
      type: "array",
      items: {
        type: "object",
        required: ["in", "pointer", "detail"],
        properties: {
          in: { type: "string", enum: ["path", "query", "header", "body"] },
          pointer: { type: "string" },
          detail: { type: "string" },
        },
      },
    },
  },
};
