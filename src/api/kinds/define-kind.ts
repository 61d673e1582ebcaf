import type { StatusCause } from "#base";
import { type JsonObject, jsonEqual } from "../json.ts";
import { dnsSubdomain, type NameRule } from "../names.ts";
import type { ObjectMeta } from "../object.ts";
import { apiVersionOf, type KubernetesObject, type Resource } from "../resource.ts";
import type { TableColumns } from "../table/columns.ts";
import { nameAndAge } from "../table/name-and-age.ts";
import type { FieldErrors } from "./field-errors.ts";
import type {
  DeletionStrategy,
  FieldReader,
  KindDefinition,
  PartSubresource,
  Storage,
  SubresourceBehaviour,
} from "./kind-definition.ts";
import { validateMetadata, validateMetadataUpdate } from "./metadata.ts";
import { newComplaints } from "./ratchet.ts";

/** What is special about a kind. Everything left out is done the generic way. */
export interface Behaviour<T extends KubernetesObject> {
  /** Syntax of `metadata.name`; a DNS subdomain unless said otherwise. */
  readonly nameRule?: NameRule;
  /** Whether a changed spec counts `metadata.generation` up. Default: when the kind has a status subresource. */
  readonly hasGeneration?: boolean;
  /** Whether writing the status leaves labels and annotations as they are: custom kinds. Built-in kinds let them change. */
  readonly statusKeepsMetadata?: boolean;
  /** Which fields besides `spec` count as spec for the generation: `webhooks`. Default: `spec`. */
  readonly generationFields?: readonly string[];
  /** Default: by the resource's own group and name. `"none"`: answered, not kept. */
  readonly storage?: Storage<T> | "none";
  readonly createOnUpdate?: boolean;
  /** Whether an object may be created together with its status: nodes, which register themselves. */
  readonly isBornWithStatus?: boolean;
  defaults?(object: T): void;
  /** After the generic preparation. */
  prepareForCreate?(object: T): void;
  /** Before the generation is decided. */
  prepareForUpdate?(object: T, old: T): void;
  /** Rules for the object as it stands, on create and on update; what is stored already is not held against an update. */
  validate?(object: T, errors: FieldErrors, old?: T): void;
  /** Rules for what may change. */
  validateChange?(object: T, old: T, errors: FieldErrors): void;
  /** Rules for a changed status, where that is a subresource. */
  validateStatus?(object: T, old: T, errors: FieldErrors): void;
  /** Those that need saying how: `scale`, `finalize`. Status, streams and actions follow from the resource. */
  readonly subresources?: Readonly<Record<string, SubresourceBehaviour<T>>>;
  readonly columns?: TableColumns<T>;
  readonly selectableFields?: Readonly<Record<string, FieldReader<T>>>;
  readonly deletion?: Partial<DeletionStrategy<T>>;
}

/** Completes a behaviour to a definition. */
export function defineKind<T extends KubernetesObject>(
  resource: Resource<T>,
  behaviour: Behaviour<T> = {},
): KindDefinition<T> {
  const hasStatus = resource.subresources.some((each) => each.name === "status");
  const hasGeneration = behaviour.hasGeneration ?? hasStatus;
  const generationFields = behaviour.generationFields ?? ["spec"];
  const nameRule = behaviour.nameRule ?? dnsSubdomain;

  return {
    resource,
    storage: behaviour.storage === "none" ? undefined : (behaviour.storage ?? ownStorage(resource)),
    createOnUpdate: behaviour.createOnUpdate ?? false,
    defaults(object) {
      behaviour.defaults?.(object);
    },
    prepareForCreate(object) {
      if (hasStatus && !behaviour.isBornWithStatus) delete asJson(object).status;
      const metadata = metadataOf(object);
      if (hasGeneration) metadata.generation = 1;
      else delete metadata.generation;
      behaviour.prepareForCreate?.(object);
    },
    prepareForUpdate(object, old) {
      if (hasStatus) copyField(old, object, "status");
      const metadata = metadataOf(object);
      behaviour.prepareForUpdate?.(object, old);
      if (!hasGeneration) copyGeneration(object, old);
      else {
        const before = old.metadata?.generation ?? 0;
        const same = generationFields.every((field) => jsonEqual(asJson(object)[field], asJson(old)[field]));
        metadata.generation = same ? before : before + 1;
      }
    },
    validateCreate(object) {
      const errors: StatusCause[] = [];
      validateMetadata(object, resource, nameRule, errors);
      behaviour.validate?.(object, errors);
      return errors;
    },
    validateUpdate(object, old) {
      const errors: StatusCause[] = [];
      validateMetadata(object, resource, nameRule, errors);
      validateMetadataUpdate(object, old, errors);
      const { validate } = behaviour;
      if (validate) errors.push(...newComplaints(object, old, (each, found) => validate(each, found, old)));
      behaviour.validateChange?.(object, old, errors);
      return errors;
    },
    subresources: subresourcesOf(resource, nameRule, behaviour),
    columns: behaviour.columns ?? nameAndAge,
    selectableFields: behaviour.selectableFields ?? {},
    deletion: {
      gracePeriodSeconds: () => 0,
      isHeld: () => false,
      markDeleted: () => {},
      defaultPropagation: "Background",
      ...behaviour.deletion,
    },
  };
}

function ownStorage<T extends KubernetesObject>(resource: Resource<T>): Storage<T> {
  return { group: resource.group, resource: resource.resource, apiVersion: apiVersionOf(resource) };
}

/** A subresource that writes only the named top-level fields; metadata keeps labels and annotations as the main object has them. */
export function partOf<T extends KubernetesObject>(
  fields: readonly string[],
  validateUpdate: (object: T, old: T) => StatusCause[],
): PartSubresource<T> {
  return {
    type: "part",
    fields,
    prepareForUpdate(object, old) {
      for (const field of Object.keys(old)) if (!fields.includes(field)) keepField(object, old, field);
      for (const field of Object.keys(object)) {
        if (!fields.includes(field) && asJson(old)[field] === undefined) delete asJson(object)[field];
      }
    },
    validateUpdate,
  };
}

/** Makes `field` of `to` what it is in `from`, absent included. */
export function copyField(from: object, to: object, field: string): void {
  const value = (from as JsonObject)[field];
  if (value === undefined) delete (to as JsonObject)[field];
  else (to as JsonObject)[field] = value;
}

/** The object's metadata, made if there is none. */
export function metadataOf(object: KubernetesObject): ObjectMeta {
  object.metadata ??= {};
  return object.metadata;
}

export function asJson(object: KubernetesObject): JsonObject {
  return object as unknown as JsonObject;
}

function subresourcesOf<T extends KubernetesObject>(
  resource: Resource<T>,
  nameRule: NameRule,
  behaviour: Behaviour<T>,
): Record<string, SubresourceBehaviour<T>> {
  const subresources: Record<string, SubresourceBehaviour<T>> = {};
  for (const { name, group, version, kind } of resource.subresources) {
    if (name === "status") subresources.status = statusPart(resource, nameRule, behaviour);
    else if (streams.has(name)) subresources[name] = { type: "stream" };
    else if (kind !== resource.kind) {
      subresources[name] = { type: "action", apiVersion: apiVersionOf({ group, version }), kind };
    }
  }
  return { ...subresources, ...behaviour.subresources };
}

const streams: ReadonlySet<string> = new Set(["log", "exec", "attach", "portforward", "proxy"]);

function statusPart<T extends KubernetesObject>(
  resource: Resource<T>,
  nameRule: NameRule,
  behaviour: Behaviour<T>,
): PartSubresource<T> {
  const fields = behaviour.statusKeepsMetadata ? ["status"] : ["status", "metadata"];
  const part = partOf<T>(fields, (object, old) => {
    const errors: StatusCause[] = [];
    validateMetadata(object, resource, nameRule, errors);
    validateMetadataUpdate(object, old, errors);
    behaviour.validateStatus?.(object, old, errors);
    return errors;
  });
  return {
    ...part,
    prepareForUpdate(object, old) {
      part.prepareForUpdate(object, old);
      copyGeneration(object, old);
    },
  };
}

/** Takes a field over from `old`. Metadata keeps the managed fields of the new object: they record this very write. */
function keepField<T extends KubernetesObject>(object: T, old: T, field: string): void {
  if (field !== "metadata") {
    copyField(old, object, field);
    return;
  }
  const managedFields = object.metadata?.managedFields;
  const resourceVersion = object.metadata?.resourceVersion;
  object.metadata = { ...old.metadata };
  if (managedFields !== undefined) object.metadata.managedFields = managedFields;
  if (resourceVersion !== undefined) object.metadata.resourceVersion = resourceVersion;
}

function copyGeneration(object: KubernetesObject, old: KubernetesObject): void {
  const generation = old.metadata?.generation;
  const metadata = metadataOf(object);
  if (generation === undefined) delete metadata.generation;
  else metadata.generation = generation;
}
