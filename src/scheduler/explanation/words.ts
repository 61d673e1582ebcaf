import type { Relabelling } from "../framework/relabel.ts";
import type { Remedy } from "../framework/remedy.ts";
import type { Suggestion } from "./suggestions.ts";

/** For people: `request 500m less cpu (opens n1)`. */
export function suggestionInWords({ changes, nodes }: Suggestion): string {
  return `${changes.map(remedyInWords).join(", and ")} (opens ${someOf(nodes)})`;
}

export function remedyInWords(remedy: Remedy): string {
  switch (remedy.type) {
    case "lower-request":
      return `request ${amountInWords(remedy)} less ${remedy.resource}`;
    case "allow-more-pods":
      return `allow ${remedy.to} pods on the node`;
    case "tolerate-taint":
      return `tolerate the taint ${remedy.key}${remedy.value && `=${remedy.value}`}:${remedy.effect}`;
    case "uncordon-node":
      return "uncordon the node";
    case "label-node":
      return relabellingInWords(remedy.labels);
    case "free-port":
      return `free port ${remedy.ports.join(" and ")} of the node`;
    case "start-pod-near":
      return `have a pod with ${remedy.pods || "any labels"} in the same ${remedy.topologyKey}`;
    case "move-pods":
      return `move ${someOf(remedy.pods)} to another ${remedy.topologyKey}`;
    case "raise-max-skew":
      return `allow a maxSkew of ${remedy.to} over ${remedy.topologyKey}`;
    case "create-claims":
      return `create the claim ${someOf(remedy.claims)}`;
    case "provide-volumes":
      return `have a volume there for the claim ${someOf(remedy.claims)}`;
    case "end-pods":
      return `end ${someOf(remedy.pods)}`;
    case "raise-volume-limit":
      return `raise the limit of the node for volumes of ${remedy.driver} to ${remedy.to}`;
  }
}

/** `label the node "disk=ssd"`, `take the label "spare" off the node`. */
function relabellingInWords(labels: Relabelling): string {
  const entries = Object.entries(labels);
  const given = entries.flatMap(([key, value]) => (value === null ? [] : [`${key}=${value}`]));
  const taken = entries.flatMap(([key, value]) => (value === null ? [key] : []));
  return [
    ...(given.length > 0 ? [`label the node "${given.join(", ")}"`] : []),
    ...(taken.length > 0 ? [`take the label "${taken.join(", ")}" off the node`] : []),
  ].join(" and ");
}

function someOf(names: readonly string[]): string {
  if (names.length <= 2) return names.join(" and ");
  return `${names[0]} and ${names.length - 1} more`;
}

const mebibyte = 1024 * 1024;

/** Rounded up to what one would write. */
function amountInWords({ resource, by }: { readonly resource: string; readonly by: number }): string {
  if (resource === "cpu") return by % 1000 === 0 ? String(by / 1000) : `${by}m`;
  const isBytes = ["memory", "ephemeral-storage"].includes(resource) || resource.startsWith("hugepages-");
  return isBytes ? `${Math.ceil(by / mebibyte)}Mi` : String(by);
}
