import type { Remedy } from "../framework/remedy.ts";

/** Changes that together would let the pod onto some nodes. */
export interface Suggestion {
  readonly changes: readonly Remedy[];
  /** Names of the nodes that this much of a change opens. */
  readonly nodes: readonly string[];
}

/** What would have to change, all of it, for one node. */
export interface NodeRemedies {
  readonly node: string;
  readonly remedies: readonly Remedy[];
}

/** The smallest changes first: few before many, small before large, those that open many nodes before those that open few. Of each sort the smallest. */
export function suggest(
  all: readonly NodeRemedies[],
  { most }: { readonly most: number },
): readonly Suggestion[] {
  const sorts = Map.groupBy(all, ({ remedies }) => remedies.map(sortOf).join("; "));
  const smallest = Array.from(sorts.values(), (ofSort): Suggestion => {
    const least = Math.min(...ofSort.map(({ remedies }) => sizeOf(remedies)));
    const best = ofSort.filter(({ remedies }) => sizeOf(remedies) === least);
    return { changes: best[0]?.remedies ?? [], nodes: best.map(({ node }) => node) };
  });
  return smallest
    .sort(
      (a, b) =>
        a.changes.length - b.changes.length ||
        sizeOf(a.changes) - sizeOf(b.changes) ||
        b.nodes.length - a.nodes.length,
    )
    .slice(0, most);
}

/** Remedies of the same sort differ only in how much of it they need. */
function sortOf(remedy: Remedy): string {
  switch (remedy.type) {
    case "lower-request":
      return `${remedy.type} ${remedy.resource}`;
    case "raise-max-skew":
      return `${remedy.type} ${remedy.topologyKey}`;
    case "allow-more-pods":
      return remedy.type;
    default:
      return JSON.stringify(remedy);
  }
}

/** Between 0 and 1 for what is a matter of degree, 1 for each other change. */
function sizeOf(remedies: readonly Remedy[]): number {
  let size = 0;
  for (const remedy of remedies) {
    if (remedy.type === "lower-request") size += remedy.by / remedy.of;
    else if (remedy.type === "raise-max-skew") size += 1 - 1 / (1 + remedy.to);
    else if (remedy.type === "move-pods") size += remedy.pods.length;
    else size += 1;
  }
  return size;
}
