import { compileLabelMap, compileLabelSelector, type LabelSelector, type Selector } from "#api";

/**
 * Selectors of objects from informers, compiled once for each: these never change, and every change of a pod asks all services and budgets
 * of its namespace.
 */
export function selectorOf(selector: LabelSelector | undefined): Selector {
  return remembered(selectors, selector, compileLabelSelector);
}

/** The same of the map form. */
export function mapSelectorOf(labels: Readonly<Record<string, string>> | undefined): Selector {
  return remembered(maps, labels, compileLabelMap);
}

const selectors = new WeakMap<LabelSelector, Selector>();
const maps = new WeakMap<Readonly<Record<string, string>>, Selector>();

function remembered<K extends object>(
  known: WeakMap<K, Selector>,
  key: K | undefined,
  compile: (key: K | undefined) => Selector,
): Selector {
  if (!key) return compile(key);
  const found = known.get(key) ?? compile(key);
  known.set(key, found);
  return found;
}
