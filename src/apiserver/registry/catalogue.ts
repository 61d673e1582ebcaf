import {
  apiVersionOf,
  type KindDefinition,
  type KubernetesObject,
  type Resource,
  type TypeSchema,
} from "#api";
import { applyStaticDefaults, schemaOf } from "#api/behaviour";
import { assert, must } from "#base";
import type { Transformer } from "../ports.ts";
import { keyOf, prefixOf, storageOf } from "./keys.ts";

/** A kind as it is served: its definition and what follows from it and from this server's configuration. */
export interface ServedKind {
  readonly definition: KindDefinition;
  readonly resource: Resource;
  /** `apps/v1` */
  readonly apiVersion: string;
  /** Store prefix of all its objects. */
  readonly prefix: string;
  /** Seals what is stored, for kinds that are not to lie about in the clear. */
  readonly transformer: Transformer | undefined;
  /** True when the stored bytes are what is served: neither sealed nor of another version. */
  readonly plain: boolean;
  readonly schema: TypeSchema;
  /** Fills in every default: those of the schema, then those that are computed. */
  complete(object: KubernetesObject): void;
  key(name: string, namespace?: string): string;
  /** Store prefix of one namespace's objects, or of all. */
  scope(namespace?: string): string;
}

/** All kinds that are served, found by where they are served. Kinds come and go at run time. */
export class Catalogue {
  readonly #kinds = new Map<string, ServedKind>();
  /** The same by the resource that a definition brought: asked many times in every request. */
  readonly #byResource = new Map<Resource, ServedKind>();
  readonly #transformers: readonly Transformer[];
  #version = 0;

  constructor(definitions: readonly KindDefinition[], transformers: readonly Transformer[] = []) {
    this.#transformers = transformers;
    for (const definition of definitions) this.add(definition);
  }

  /** Grows with every change: what is derived from the catalogue is good for one version. */
  get version(): number {
    return this.#version;
  }

  /** Serves a kind; `schema` for one that is not built in. */
  add(definition: KindDefinition, schema?: TypeSchema): ServedKind {
    const { resource } = definition;
    const at = place(resource.group, resource.version, resource.resource);
    assert(!this.#kinds.has(at), `${at} is served already`);
    const kind = served(definition, this.#transformers, schema);
    this.#kinds.set(at, kind);
    this.#byResource.set(resource, kind);
    this.#version += 1;
    return kind;
  }

  remove(resource: Resource): void {
    const at = place(resource.group, resource.version, resource.resource);
    const kind = this.#kinds.get(at);
    if (kind) this.#byResource.delete(kind.resource);
    this.#kinds.delete(at);
    this.#version += 1;
  }

  find(group: string, version: string, resource: string): ServedKind | undefined {
    return this.#kinds.get(place(group, version, resource));
  }

  of(resource: Resource): ServedKind {
    const kind =
      this.#byResource.get(resource) ?? this.find(resource.group, resource.version, resource.resource);
    assert(kind, `${place(resource.group, resource.version, resource.resource)} is not served`);
    return kind;
  }

  all(): readonly ServedKind[] {
    return [...this.#kinds.values()];
  }
}

function served(
  definition: KindDefinition,
  transformers: readonly Transformer[],
  customSchema: TypeSchema | undefined,
): ServedKind {
  const { kind } = definition.resource;
  const schema = must(customSchema ?? schemaOf(definition.resource), `${kind} has a schema`);
  const storage = storageOf(definition);
  const prefix = prefixOf(storage);
  const transformer = transformers.find((each) => each.handles(definition.resource));
  return {
    definition,
    resource: definition.resource,
    apiVersion: apiVersionOf(definition.resource),
    prefix,
    transformer,
    plain: transformer === undefined && definition.storage?.convert === undefined,
    schema,
    complete(object) {
      applyStaticDefaults(object, schema);
      definition.defaults(object);
    },
    key: (name, namespace) => keyOf(storage, name, namespace),
    scope: (namespace) => (namespace ? `${prefix}${namespace}/` : prefix),
  };
}

function place(group: string, version: string, resource: string): string {
  return `${group}/${version}/${resource}`;
}
