import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** The official facts, as files say them. */
export interface Reference {
  /** OpenAPI v3 documents by file name: `apis__apps__v1.json`. */
  readonly documents: ReadonlyMap<string, OpenApiDocument>;
  readonly discovery: Discovery;
  readonly protobuf: ProtobufPackages;
}

export interface OpenApiSchema {
  readonly $ref?: string;
  readonly type?: string;
  readonly format?: string;
  readonly properties?: Readonly<Record<string, OpenApiSchema>>;
  readonly required?: readonly string[];
  readonly items?: OpenApiSchema;
  readonly additionalProperties?: OpenApiSchema;
  readonly allOf?: readonly OpenApiSchema[];
  readonly default?: unknown;
  readonly "x-kubernetes-group-version-kind"?: readonly GroupVersionKind[];
  readonly "x-kubernetes-list-type"?: "atomic" | "set" | "map";
  readonly "x-kubernetes-list-map-keys"?: readonly string[];
  readonly "x-kubernetes-map-type"?: "atomic" | "granular";
  readonly "x-kubernetes-patch-strategy"?: string;
  readonly "x-kubernetes-patch-merge-key"?: string;
  readonly "x-kubernetes-unions"?: readonly object[];
}

export interface GroupVersionKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

export interface OpenApiOperation {
  readonly "x-kubernetes-action"?: string;
  readonly "x-kubernetes-group-version-kind"?: GroupVersionKind;
  readonly responses?: Readonly<Record<string, unknown>>;
}

interface OpenApiDocument {
  readonly components?: { readonly schemas?: Readonly<Record<string, OpenApiSchema>> };
  readonly paths?: Readonly<Record<string, Readonly<Record<string, OpenApiOperation>>>>;
}

export interface DiscoveredResource {
  readonly resource: string;
  readonly responseKind: GroupVersionKind;
  readonly scope: "Namespaced" | "Cluster";
  readonly singularResource: string;
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
  readonly verbs: readonly string[];
  readonly subresources?: readonly {
    readonly subresource: string;
    readonly responseKind: GroupVersionKind;
    readonly verbs: readonly string[];
  }[];
}

interface Discovery {
  readonly items: readonly {
    readonly metadata: { readonly name: string };
    readonly versions: readonly {
      readonly version: string;
      readonly resources: readonly DiscoveredResource[];
    }[];
  }[];
}

type ProtobufMessage = Readonly<Record<string, readonly [number: number, type: string]>>;
type ProtobufPackages = Readonly<Record<string, Readonly<Record<string, ProtobufMessage>>>>;

export function readReference(directory: string): Reference {
  const read = (file: string): unknown => JSON.parse(readFileSync(join(directory, file), "utf8"));
  const files = readdirSync(join(directory, "openapi-v3")).filter((file) => file.endsWith(".json"));
  return {
    documents: new Map(files.map((file) => [file, read(`openapi-v3/${file}`) as OpenApiDocument])),
    discovery: read("discovery/aggregated_v2.json") as Discovery,
    protobuf: read("protobuf-fields.json") as ProtobufPackages,
  };
}

export function sorted<T>(record: Record<string, T>): Record<string, T> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
}
