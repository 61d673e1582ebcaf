import type { KubernetesObject, Resource } from "#api";
import { isAlreadyExists, isConflict, isNotFound } from "#base";
import type { ObjectReader, ObjectWriter } from "../ports.ts";

/** How many objects were written. */
export interface Ensured {
  readonly created: number;
  readonly updated: number;
}

/** What an object that is there should become; undefined when it is good as it is. */
export type Correction<T> = (present: T, wanted: T) => T | undefined;

const nothing: Ensured = { created: 0, updated: 0 };

/** Creates an object, or corrects the one that is there. Who was faster and did the same is right too. */
export async function ensure<T extends KubernetesObject>(
  world: { readonly read: ObjectReader; readonly writer: ObjectWriter },
  resource: Resource<T>,
  wanted: T,
  correct: Correction<T>,
): Promise<Ensured> {
  const { name = "", namespace } = wanted.metadata ?? {};
  const present = world.read.get(resource, name, namespace);
  const next = present ? correct(present, wanted) : wanted;
  if (!next) return nothing;
  try {
    if (!present) await world.writer.create(resource, next);
    else await world.writer.update(resource, next);
    return present ? { created: 0, updated: 1 } : { created: 1, updated: 0 };
  } catch (error) {
    if (isAlreadyExists(error) || isConflict(error) || isNotFound(error)) return nothing;
    throw error;
  }
}
