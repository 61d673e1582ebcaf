import type { Plugin } from "../framework/plugin.ts";
import { allPlugins } from "../plugins/registry.ts";
import type { Field } from "./field.ts";

/**
 * Reads `plugins` of a profile: which of them are on, for all they do (`multiPoint`) or at one extension point, and how much their scores
 * count. All are on that are not switched off; what an extension point says of a plugin goes before what `multiPoint` says.
 */
export function readPluginSets(plugins: Field, all: readonly Plugin[]): readonly Plugin[] {
  const sets = plugins.fields(["multiPoint", ...pointNames]);
  const everywhere = readSet(sets.multiPoint);
  const atPoints = pointNames.map((point) => ({ point, set: readSet(sets[point]) }));
  return all.map((plugin) => {
    const weights = [everywhere, ...atPoints.map(({ set }) => set)].map(({ enabled }) =>
      enabled.get(plugin.name),
    );
    const weight = weights.findLast((one) => one !== undefined && one > 0) ?? plugin.weight;
    const off = atPoints.filter(({ set }) => !isOn(plugin.name, set, everywhere)).map(({ point }) => point);
    return without(weight === undefined ? plugin : { ...plugin, weight }, off);
  });
}

/** Kubernetes' names of what plugins do here, and what of ours it is. */
const points = {
  preEnqueue: ["preEnqueue"],
  filter: ["filter", "remedies"],
  postFilter: ["postFilter"],
  score: ["score"],
  reserve: ["reserve", "unreserve"],
  preBind: ["preBind"],
} as const satisfies Readonly<Record<string, readonly (keyof Plugin)[]>>;

type Point = keyof typeof points;
const pointNames = Object.keys(points) as Point[];

interface PluginSet {
  /** By name, with the weight of its scores; 0: as it is. */
  readonly enabled: ReadonlyMap<string, number>;
  /** Names; `*` is all of them. */
  readonly disabled: ReadonlySet<string>;
}

function readSet(set: Field): PluginSet {
  const { enabled, disabled } = set.fields(["enabled", "disabled"]);
  const on = enabled.items().flatMap((one) => {
    const { name, weight } = one.fields(["name", "weight"]);
    const known = nameOf(name, pluginNames);
    return known === undefined ? [] : [[known, weight.whole(0, 100) ?? 0] as const];
  });
  const off = disabled
    .items()
    .flatMap((one) => nameOf(one.fields(["name"]).name, ["*", ...pluginNames]) ?? []);
  return { enabled: new Map(on), disabled: new Set(off) };
}

const pluginNames: readonly string[] = allPlugins().map(({ name }) => name);

function nameOf(name: Field, known: readonly string[]): string | undefined {
  return name.isEmpty ? name.complain("is missing") : name.oneOf(known);
}

function isOn(name: string, ...sets: readonly PluginSet[]): boolean {
  for (const { enabled, disabled } of sets) {
    if (enabled.has(name)) return true;
    if (disabled.has("*") || disabled.has(name)) return false;
  }
  return true;
}

function without(plugin: Plugin, off: readonly Point[]): Plugin {
  if (off.length === 0) return plugin;
  const left: Record<string, unknown> = { ...plugin };
  for (const point of off) for (const part of points[point]) delete left[part];
  return left as unknown as Plugin;
}
