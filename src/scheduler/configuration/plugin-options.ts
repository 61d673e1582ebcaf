import type { SpreadDefaults } from "../plugins/pod-topology-spread/default-constraints.ts";
import { systemDefaults } from "../plugins/pod-topology-spread/default-constraints.ts";
import { allPlugins, type PluginOptions } from "../plugins/registry.ts";
import { leastAllocated, type ScoringStrategy } from "../plugins/scoring-strategy.ts";
import type { Field } from "./field.ts";

/** Reads `pluginConfig`: arguments of plugins, by their names. What a plugin of Kubernetes can be told and ours cannot is a mistake. */
export function readPluginOptions(pluginConfig: Field): PluginOptions {
  const options: Record<string, object> = {};
  for (const entry of pluginConfig.items()) {
    const { name, args } = entry.fields(["name", "args"]);
    const plugin = name.oneOf(known);
    if (plugin === undefined) {
      if (name.isEmpty) name.complain("must name a plugin");
    } else if (plugin in options) entry.complain(`tells ${plugin} a second time`);
    else options[plugin] = readers[plugin]?.(args) ?? nothingToTell(plugin, args);
  }
  return options;
}

const known: readonly string[] = allPlugins().map(({ name }) => name);

/** How the arguments of a plugin are read. One that is not here takes none. */
const readers: Readonly<Record<string, (args: Field) => object>> = {
  NodeResourcesFit(args) {
    const { scoringStrategy } = typedFields(args, "NodeResourcesFitArgs", ["scoringStrategy"]);
    return scoringStrategy.isEmpty ? {} : { scoringStrategy: readStrategy(scoringStrategy) };
  },
  InterPodAffinity(args) {
    const { hardPodAffinityWeight } = typedFields(args, "InterPodAffinityArgs", ["hardPodAffinityWeight"]);
    return { requiredWeight: hardPodAffinityWeight.whole(0, 100) ?? 1 };
  },
  PodTopologySpread(args) {
    const fields = ["defaultingType", "defaultConstraints"] as const;
    const { defaultingType, defaultConstraints } = typedFields(args, "PodTopologySpreadArgs", fields);
    const isList = defaultingType.oneOf(["System", "List"]) === "List";
    if (!isList && !defaultConstraints.isEmpty) defaultConstraints.complain("needs defaultingType: List");
    return { defaults: isList ? readConstraints(defaultConstraints) : systemDefaults };
  },
  DefaultPreemption(args) {
    const fields = ["minCandidateNodesPercentage", "minCandidateNodesAbsolute"] as const;
    const { minCandidateNodesPercentage, minCandidateNodesAbsolute } = typedFields(
      args,
      "DefaultPreemptionArgs",
      fields,
    );
    const percentageOfNodes = minCandidateNodesPercentage.whole(0, 100);
    const candidates = minCandidateNodesAbsolute.whole(0, mostNumber);
    if (percentageOfNodes === 0 && candidates === 0)
      args.complain("must leave candidates: one of the two is above 0");
    return {
      ...(percentageOfNodes === undefined ? {} : { percentageOfNodes }),
      ...(candidates === undefined ? {} : { candidates }),
    };
  },
};

const mostNumber = 1_000_000;

function nothingToTell(plugin: string, args: Field): object {
  if (!args.isEmpty)
    args.complain(`cannot be given to ${plugin} here: only ${Object.keys(readers).join(", ")} take any`);
  return {};
}

/** Arguments may say of which kind they are, as in kube-scheduler's own defaults. */
function typedFields<Name extends string>(
  args: Field,
  kindName: string,
  names: readonly Name[],
): Readonly<Record<Name, Field>> {
  const fields = args.fields<Name | "apiVersion" | "kind">(["apiVersion", "kind", ...names]);
  fields.apiVersion.oneOf(["kubescheduler.config.k8s.io/v1"]);
  fields.kind.oneOf([kindName]);
  return fields;
}

function readStrategy(strategy: Field): ScoringStrategy {
  const fields = strategy.fields(["type", "resources", "requestedToCapacityRatio"]);
  const type = fields.type.oneOf(strategies) ?? "LeastAllocated";
  const resources = fields.resources.items().map((resource) => {
    const { name, weight } = resource.fields(["name", "weight"]);
    return { name: required(name), weight: weight.whole(1, 100) ?? 1 };
  });
  const { shape } = fields.requestedToCapacityRatio.fields(["shape"]);
  const points = shape.items().map((point) => {
    const { utilization, score } = point.fields(["utilization", "score"]);
    return { utilization: utilization.whole(0, 100) ?? 0, score: (score.whole(0, 10) ?? 0) * 10 };
  });
  points.forEach(({ utilization }, at) => {
    if (at > 0 && utilization <= (points[at - 1]?.utilization ?? 0))
      shape.complain("must have utilizations that rise");
  });
  if (type === "RequestedToCapacityRatio" && points.length === 0) {
    shape.complain("must have points: { utilization: 0, score: 0 }, { utilization: 100, score: 10 }");
  }
  return {
    type,
    resources: resources.length > 0 ? resources : leastAllocated.resources,
    ...(points.length > 0 ? { shape: points } : {}),
  };
}

const strategies = ["LeastAllocated", "MostAllocated", "RequestedToCapacityRatio"] as const;

function readConstraints(list: Field): SpreadDefaults {
  const constraints = list.items().map((constraint) => {
    const { topologyKey, maxSkew, whenUnsatisfiable } = constraint.fields([
      "topologyKey",
      "maxSkew",
      "whenUnsatisfiable",
    ]);
    if (maxSkew.isEmpty) maxSkew.complain("is missing");
    if (whenUnsatisfiable.isEmpty) whenUnsatisfiable.complain("is missing");
    return {
      topologyKey: required(topologyKey),
      maxSkew: maxSkew.whole(1, mostNumber) ?? 1,
      whenUnsatisfiable:
        whenUnsatisfiable.oneOf(["DoNotSchedule", "ScheduleAnyway"]) ?? ("ScheduleAnyway" as const),
    };
  });
  return { constraints, needsAllKeys: true };
}

function required(field: Field): string {
  if (field.isEmpty) field.complain("is missing");
  return field.text() ?? "";
}
