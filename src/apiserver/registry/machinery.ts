import type { KubernetesObject, Resource } from "#api";
import type { Clock, Random } from "#base";
import type { Entry, Provenance, Store } from "#store";
import type {
  AdmissionAttributes,
  AdmissionPlugin,
  ObjectReader,
  RequestAttributes,
  TransactionParticipant,
} from "../ports.ts";
import type { Catalogue, ServedKind } from "./catalogue.ts";
import type { Objects } from "./objects.ts";
import type { Slice } from "./slice.ts";
import type { Turns } from "./turns.ts";

/** What every operation of the registry works with. */
export interface Machinery {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  readonly catalogue: Catalogue;
  readonly objects: Objects;
  readonly read: ObjectReader;
  readonly admission: readonly AdmissionPlugin[];
  readonly participants: readonly TransactionParticipant[];
  /** Of updates, by store key. */
  readonly turns: Turns;
}

/** A request that changes something, as far as the registry must know it. */
export interface WriteRequest {
  readonly attributes: RequestAttributes & { readonly resource: Resource };
  readonly kind: ServedKind;
  readonly dryRun: boolean;
  /** Who is recorded as the owner of the fields that change. */
  readonly fieldManager: string;
  /** What the client is warned about: RFC 9111 warn-code 299. */
  readonly warnings: string[];
  /** Between the steps of a write others have a turn when it takes long: each step looks at the whole object. */
  readonly slice: Slice;
}

/** What a write led to. */
export interface Written {
  readonly object: KubernetesObject;
  /** Where it is stored; absent for a dry run, and after a removal. */
  readonly entry: Entry | undefined;
  readonly created: boolean;
}

export function provenanceOf(machinery: Machinery, request: WriteRequest): Provenance {
  return {
    user: request.attributes.user.name,
    verb: request.attributes.verb,
    requestId: machinery.random.uuid(),
    at: machinery.clock.now(),
  };
}

/** The attributes of one admission, and the plugins that have a say in it. */
export interface Admission {
  readonly attributes: AdmissionAttributes;
  readonly plugins: readonly AdmissionPlugin[];
}

export function admissionOf(
  machinery: Machinery,
  request: WriteRequest,
  operation: AdmissionAttributes["operation"],
  object: KubernetesObject | undefined,
  oldObject: KubernetesObject | undefined,
): Admission {
  const attributes: AdmissionAttributes = {
    ...request.attributes,
    operation,
    object,
    oldObject,
    dryRun: request.dryRun,
    read: machinery.read,
  };
  return { attributes, plugins: machinery.admission.filter((plugin) => plugin.handles(attributes)) };
}

/** Waits only for plugins that have to wait: most do not, and every turn of the queue costs all requests under way. */
export async function mutate({ attributes, plugins }: Admission): Promise<void> {
  for (const plugin of plugins) {
    const pending = plugin.mutate?.(attributes);
    if (pending) await pending;
  }
}

export async function validate({ attributes, plugins }: Admission): Promise<void> {
  for (const plugin of plugins) {
    const pending = plugin.validate?.(attributes);
    if (pending) await pending;
  }
}
