import type { Remedy } from "../framework/remedy.ts";

/** Remedies of the same sort differ only in how much of it they need. */
export function sortOf(remedy: Remedy): string {
  switch (remedy.type) {
    case "lower-request":
      return `${remedy.type} ${remedy.resource}`;
    case "raise-max-skew":
      return `${remedy.type} ${remedy.topologyKey}`;
    case "allow-more-pods":
    case "uncordon-node":
      return remedy.type;
    default:
      return JSON.stringify(remedy);
  }
}
