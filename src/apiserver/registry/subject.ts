import type { Subject } from "#base";
import type { ServedKind } from "./catalogue.ts";

/** What an error about an object of this kind is about. */
export function subjectOf(kind: ServedKind, name?: string): Subject {
  const { resource, group } = kind.resource;
  return { resource, group, ...(name === undefined ? {} : { name }) };
}
