import type { Json } from "../json.ts";

/**
 * Orders a merged list: elements that the patch names come in the patch's order; those it does not know keep their
 * place relative to the others as it was before.
 */
export function orderElements(
  merged: readonly Json[],
  patchOrder: readonly Json[],
  original: readonly Json[],
  identity: (element: Json) => Json | undefined,
): Json[] {
  const rank = new Map(patchOrder.map((key, index) => [key, index]));
  const place = new Map(original.map((element, index) => [identity(element), index]));
  const rankOf = (element: Json) => rank.get(identity(element) ?? null);
  const named = merged.filter((element) => rankOf(element) !== undefined);
  const others = merged.filter((element) => rankOf(element) === undefined);
  named.sort((a, b) => (rankOf(a) ?? 0) - (rankOf(b) ?? 0));
  others.sort((a, b) => (place.get(identity(a)) ?? 0) - (place.get(identity(b)) ?? 0));

  const ordered: Json[] = [];
  let next = 0;
  for (const other of others) {
    const otherPlace = place.get(identity(other)) ?? 0;
    while (next < named.length) {
      const element = named[next] as Json;
      const before = place.get(identity(element));
      // An element that is new to the list comes after what was there.
      if (before === undefined || before > otherPlace) break;
      ordered.push(element);
      next++;
    }
    ordered.push(other);
  }
  return [...ordered, ...named.slice(next)];
}
