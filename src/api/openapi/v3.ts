import { builtInResources } from "../generated/resources.ts";
import type { JsonObject } from "../json.ts";
import { contentSchema, type Operation, operationsOf } from "./operations.ts";
import type { Parameter } from "./parameters.ts";
import { rootOperations } from "./root-operations.ts";
import { type DocumentOptions, type GroupVersion, schemasOf } from "./schemas.ts";

/**
 * The OpenAPI v3 document at `/openapi/v3/PATH`, for the paths that `openApiV3Paths()` names: `apis/apps/v1`, `api/v1`,
 * `apis/apps`, `version`. Undefined for any other. Made anew at every call: keep the bytes.
 */
export async function openApiV3(path: string, options: DocumentOptions): Promise<JsonObject | undefined> {
  const operations = operationsAt(path);
  return operations && (await document(operations, groupVersionAt(path), options));
}

/** Every operation of the document at `path`. */
export function operationsAt(path: string): Operation[] | undefined {
  const roots = rootOperations(path);
  if (roots === undefined) return undefined;
  const served = groupVersionAt(path);
  if (served === undefined) return roots;
  const resources = builtInResources.filter(
    (resource) => resource.group === served.group && resource.version === served.version,
  );
  return [...roots, ...resources.flatMap(operationsOf)];
}

export function groupVersionAt(path: string): GroupVersion | undefined {
  if (path === "api/v1") return { group: "", version: "v1" };
  const [root, group, version] = path.split("/");
  return root === "apis" && group && version ? { group, version } : undefined;
}

async function document(
  operations: readonly Operation[],
  served: GroupVersion | undefined,
  options: DocumentOptions,
): Promise<JsonObject> {
  const types = operations.flatMap((operation) => [
    operation.answer,
    ...(operation.body ? [operation.body.type] : []),
  ]);
  const schemas = await schemasOf(new Set(types.filter((type) => type !== "text")), served, options);
  await options.pause();
  return {
    openapi: "3.0.0",
    info: { title: "Kubernetes", version: "v1.36.0" },
    paths: pathsOf(operations, served),
    components: {
      schemas,
      securitySchemes: {
        BearerToken: {
          type: "apiKey",
          description: "A bearer token: `Bearer` and the token, as the header's value.",
          name: "authorization",
          in: "header",
        },
      },
    },
  };
}

function pathsOf(operations: readonly Operation[], served: GroupVersion | undefined): JsonObject {
  const byPath = new Map<string, Operation[]>();
  for (const operation of operations) {
    byPath.set(operation.path, [...(byPath.get(operation.path) ?? []), operation]);
  }
  const paths = [...byPath].sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(paths.map(([path, list]) => [path, pathItem(list, served)]));
}

/** Parameters that all methods of a path share stand once, with the path. */
function pathItem(operations: readonly Operation[], served: GroupVersion | undefined): JsonObject {
  const shared = sharedParameters(operations);
  const item: JsonObject = {};
  for (const operation of operations) {
    const own = operation.parameters.filter((parameter) => !shared.includes(parameter));
    item[operation.method] = operationObject(operation, own, served);
  }
  if (shared.length > 0) item.parameters = parameterList(shared);
  return item;
}

export function sharedParameters(operations: readonly Operation[]): Parameter[] {
  const [first, ...others] = operations;
  return (first?.parameters ?? []).filter((parameter) =>
    others.every((operation) =>
      operation.parameters.some((other) => other.name === parameter.name && other.in === parameter.in),
    ),
  );
}

function parameterList(parameters: readonly Parameter[]): JsonObject[] {
  return [...parameters]
    .sort((a, b) => (a.name === b.name ? (a.in < b.in ? -1 : 1) : a.name < b.name ? -1 : 1))
    .map((parameter) => ({ ...parameter }));
}

function operationObject(
  operation: Operation,
  parameters: readonly Parameter[],
  served: GroupVersion | undefined,
): JsonObject {
  const types =
    operation.answer === "text" ? textTypes(operation) : operation.streams ? streamTypes : objectTypes;
  const answer = contentOf(types, contentSchema(operation.answer));
  const responses: JsonObject = {};
  for (const code of operation.codes)
    responses[code] = { description: codeWords[code] ?? "", content: answer };
  responses["401"] = { description: "Unauthorized" };
  return {
    tags: [tagOf(operation, served)],
    operationId: operation.id,
    ...(parameters.length > 0 ? { parameters: parameterList(parameters) } : {}),
    ...(operation.body ? { requestBody: requestBody(operation.body) } : {}),
    responses,
    ...(operation.action ? { "x-kubernetes-action": operation.action } : {}),
    ...(operation.kind ? { "x-kubernetes-group-version-kind": { ...operation.kind } } : {}),
  };
}

function requestBody(body: NonNullable<Operation["body"]>): JsonObject {
  const types = body.type === "Patch" ? patchTypes : ["*/*"];
  return {
    content: contentOf(types, contentSchema(body.type)),
    ...(body.required ? { required: true } : {}),
  };
}

function contentOf(types: readonly string[], schema: JsonObject): JsonObject {
  return Object.fromEntries(types.map((type) => [type, { schema }]));
}

export function tagOf(operation: Operation, served: GroupVersion | undefined): string {
  const group = served?.group ?? operation.path.split("/")[2] ?? "";
  const [first = "", ...rest] = group.replace(/\.k8s\.io$/, "").split(".");
  const word = first + rest.map((part) => part.charAt(0).toUpperCase() + part.slice(1)).join("");
  if (served) return `${word || "core"}_${served.version}`;
  if (operation.path === "/apis/" || operation.path === "/version/") return operation.path.slice(1, -1);
  return word || "core";
}

/** What the server reads and writes. Kubernetes lists CBOR as well, which is not served here. */
export const objectTypes: readonly string[] = [
  "application/json",
  "application/yaml",
  "application/vnd.kubernetes.protobuf",
];
export const streamTypes: readonly string[] = [
  ...objectTypes,
  "application/json;stream=watch",
  "application/vnd.kubernetes.protobuf;stream=watch",
];
export const patchTypes: readonly string[] = [
  "application/apply-patch+yaml",
  "application/json-patch+json",
  "application/merge-patch+json",
  "application/strategic-merge-patch+json",
];

export function textTypes(operation: Operation): readonly string[] {
  return operation.action === "connect" ? ["*/*"] : ["text/plain", ...objectTypes];
}

export const codeWords: Readonly<Record<number, string>> = { 200: "OK", 201: "Created", 202: "Accepted" };
