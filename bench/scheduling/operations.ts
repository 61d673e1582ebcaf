/** What a workload does, step by step, with its parameters filled in and its templates read. Names and meaning are scheduler_perf's. */
export type Operation =
  | {
      readonly opcode: "createNodes";
      readonly count: number;
      readonly template: object;
      /** Every node gets one of the values, in turn. */
      readonly labels?: { readonly key: string; readonly values: readonly string[] };
      readonly allocatable?: Readonly<Record<string, string>>;
      /** Volumes that a driver can attach to the node. */
      readonly volumeLimits?: Readonly<Record<string, number>>;
    }
  | { readonly opcode: "createNamespaces"; readonly names: readonly string[]; readonly template: object }
  | CreatePods
  | { readonly opcode: "createPodSets"; readonly sets: readonly CreatePods[] }
  | {
      readonly opcode: "deletePods";
      readonly namespace: string;
      readonly perSecond: number;
      readonly selector: Selector;
      readonly waits: boolean;
    }
  | {
      readonly opcode: "churn";
      readonly mode: "create" | "recreate";
      /** How many of each there are at a time, when they are made again and again. */
      readonly number: number;
      readonly templates: readonly object[];
      readonly intervalMs: number;
      readonly namespace: string;
    }
  | {
      readonly opcode: "createAny";
      readonly template: object;
      readonly count: number;
      readonly namespace: string | undefined;
    }
  | { readonly opcode: "barrier"; readonly stage: Stage; readonly selector: Selector }
  | {
      readonly opcode: "startCollectingMetrics";
      readonly namespaces: readonly string[];
      readonly selector: Selector;
    }
  | { readonly opcode: "stopCollectingMetrics" };

export interface CreatePods {
  readonly opcode: "createPods";
  readonly namespace: string;
  readonly count: number;
  readonly template: object;
  /** A volume and its claim, bound to each other, for every pod. */
  readonly volume?: { readonly volume: object; readonly claim: object };
  readonly collects: boolean;
  readonly waits: boolean;
}

/** Labels that a pod must have. */
export type Selector = Readonly<Record<string, string>>;

/** `Attempted`: the scheduler has looked at the pod. */
export type Stage = "Attempted" | "Scheduled";

/** An operation as it stands in the file. */
export interface RawOperation {
  readonly opcode: string;
  readonly count?: number;
  readonly countParam?: string;
  readonly namespace?: string;
  readonly namespacePrefix?: string;
  readonly prefix?: string;
  readonly podTemplatePath?: string;
  readonly nodeTemplatePath?: string;
  readonly namespaceTemplatePath?: string;
  readonly persistentVolumeTemplatePath?: string;
  readonly persistentVolumeClaimTemplatePath?: string;
  readonly templatePath?: string;
  readonly templatePaths?: readonly string[];
  readonly collectMetrics?: boolean;
  readonly skipWaitToCompletion?: boolean;
  readonly createPodsOp?: RawOperation;
  readonly deletePodsPerSecond?: number;
  readonly mode?: "create" | "recreate";
  readonly number?: number;
  readonly intervalMilliseconds?: number;
  readonly stageRequirement?: Stage;
  readonly labelSelector?: Selector;
  readonly namespaces?: readonly string[];
  readonly labelNodePrepareStrategy?: { readonly labelKey: string; readonly labelValues: readonly string[] };
  readonly nodeAllocatableStrategy?: {
    readonly nodeAllocatable?: Readonly<Record<string, string>>;
    readonly csiNodeAllocatable?: Readonly<Record<string, { readonly count: number }>>;
  };
}

export interface Surroundings {
  /** The operation's place in the workload: it names a namespace that the file leaves unnamed. */
  readonly index: number;
  readonly parameters: Readonly<Record<string, number>>;
  /** Reads a template; what is missing is noted by who gave it. */
  readonly template: (path: string) => object;
  readonly defaultPodTemplate: string | undefined;
}

/** Fills in an operation; undefined when there is none of that name here. */
export function resolveOperation(raw: RawOperation, surroundings: Surroundings): Operation | undefined {
  switch (raw.opcode) {
    case "createNodes":
      return createNodes(raw, surroundings);
    case "createNamespaces": {
      const names = Array.from({ length: countOf(raw, surroundings) }, (_, at) => `${raw.prefix}-${at}`);
      const template = raw.namespaceTemplatePath ? surroundings.template(raw.namespaceTemplatePath) : {};
      return { opcode: "createNamespaces", names, template };
    }
    case "createPods":
      return createPods(raw, raw.namespace, surroundings);
    case "createPodSets": {
      const inner = raw.createPodsOp ?? { opcode: "createPods" };
      const sets = Array.from({ length: countOf(raw, surroundings) }, (_, at) =>
        createPods(inner, `${raw.namespacePrefix}-${at}`, surroundings),
      );
      return { opcode: "createPodSets", sets };
    }
    case "deletePods":
      return {
        opcode: "deletePods",
        namespace: raw.namespace ?? "",
        perSecond: raw.deletePodsPerSecond ?? 0,
        selector: raw.labelSelector ?? {},
        waits: !raw.skipWaitToCompletion,
      };
    case "churn":
      return {
        opcode: "churn",
        mode: raw.mode ?? "create",
        number: raw.number ?? 0,
        templates: (raw.templatePaths ?? []).map(surroundings.template),
        intervalMs: raw.intervalMilliseconds ?? 0,
        namespace: namespaceOf(surroundings),
      };
    case "createAny":
      return {
        opcode: "createAny",
        template: surroundings.template(raw.templatePath ?? ""),
        count: Math.max(1, countOf(raw, surroundings)),
        namespace: raw.namespace,
      };
    case "barrier":
      return {
        opcode: "barrier",
        stage: raw.stageRequirement ?? "Scheduled",
        selector: raw.labelSelector ?? {},
      };
    case "startCollectingMetrics":
      return {
        opcode: "startCollectingMetrics",
        namespaces: raw.namespaces ?? [],
        selector: raw.labelSelector ?? {},
      };
    case "stopCollectingMetrics":
      return { opcode: "stopCollectingMetrics" };
    default:
      return undefined;
  }
}

function createNodes(raw: RawOperation, surroundings: Surroundings): Operation {
  const { labelNodePrepareStrategy: labels, nodeAllocatableStrategy: allocatable } = raw;
  const limits = Object.entries(allocatable?.csiNodeAllocatable ?? {}).map(([driver, { count }]) => [
    driver,
    count,
  ]);
  return {
    opcode: "createNodes",
    count: countOf(raw, surroundings),
    template: surroundings.template(raw.nodeTemplatePath ?? defaultNodeTemplate),
    ...(labels ? { labels: { key: labels.labelKey, values: labels.labelValues } } : {}),
    ...(allocatable?.nodeAllocatable ? { allocatable: allocatable.nodeAllocatable } : {}),
    ...(limits.length > 0 ? { volumeLimits: Object.fromEntries(limits) as Record<string, number> } : {}),
  };
}

function createPods(
  raw: RawOperation,
  namespace: string | undefined,
  surroundings: Surroundings,
): CreatePods {
  const { persistentVolumeTemplatePath: volume, persistentVolumeClaimTemplatePath: claim } = raw;
  const path = raw.podTemplatePath ?? surroundings.defaultPodTemplate ?? defaultPodTemplate;
  return {
    opcode: "createPods",
    namespace: namespace ?? namespaceOf(surroundings),
    count: countOf(raw, surroundings),
    template: surroundings.template(path),
    ...(volume && claim
      ? { volume: { volume: surroundings.template(volume), claim: surroundings.template(claim) } }
      : {}),
    collects: raw.collectMetrics ?? false,
    waits: !raw.skipWaitToCompletion,
  };
}

/** Beside each test's file. */
const defaultNodeTemplate = "../templates/node-default.yaml";
const defaultPodTemplate = "../templates/pod-default.yaml";

function namespaceOf({ index }: Surroundings): string {
  return `namespace-${index}`;
}

function countOf({ count, countParam }: RawOperation, { parameters }: Surroundings): number {
  return count ?? parameters[countParam?.slice(1) ?? ""] ?? 0;
}
