import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { parse } from "yaml";
import { type Operation, type RawOperation, resolveOperation } from "./operations.ts";

/**
 * One workload of Kubernetes' scheduler benchmark (`test/integration/scheduler_perf`), read from its `performance-config.yaml` as it
 * is. Workloads of one test that differ only in feature gates of Kubernetes' own scheduler are one workload here, with all their names.
 */
export interface Workload {
  /** `SchedulingBasic/5000Nodes_10000Pods` */
  readonly name: string;
  /** The names of those that differ from it in nothing that this scheduler has. */
  readonly alike: readonly string[];
  readonly labels: readonly string[];
  /** Pods per second that Kubernetes' own runs must not fall below, on their machines. */
  readonly threshold: number | undefined;
  readonly operations: readonly Operation[];
  /** Why it cannot run here; undefined when it can. */
  readonly obstacle: string | undefined;
}

interface TestCase {
  readonly name: string;
  readonly defaultPodTemplatePath?: string;
  readonly workloadTemplate: readonly RawOperation[];
  readonly workloads: readonly RawWorkload[];
}

interface RawWorkload {
  readonly name: string;
  readonly labels?: readonly string[];
  readonly threshold?: number;
  readonly params?: Readonly<Record<string, number>>;
}

/** All workloads below a directory, in the order of its files. */
export function readWorkloads(directory: string): readonly Workload[] {
  return readdirSync(directory)
    .sort()
    .map((name) => join(directory, name, "performance-config.yaml"))
    .filter((path) => existsSync(path))
    .flatMap((path) =>
      (parse(readFileSync(path, "utf8")) as TestCase[]).flatMap((one) => workloadsOf(path, one)),
    );
}

function workloadsOf(path: string, test: TestCase): Workload[] {
  const found = new Map<string, Workload>();
  for (const raw of test.workloads) {
    const name = `${test.name}/${raw.name}`;
    const workload = workloadOf(path, test, raw);
    const same = JSON.stringify([workload.operations, raw.params, raw.labels]);
    const known = found.get(same);
    found.set(
      same,
      known ? { ...known, alike: [...known.alike, name], threshold: highest(known, raw) } : workload,
    );
  }
  return [...found.values()];
}

function highest({ threshold }: Workload, raw: RawWorkload): number | undefined {
  if (threshold === undefined || raw.threshold === undefined) return threshold ?? raw.threshold;
  return Math.max(threshold, raw.threshold);
}

function workloadOf(path: string, test: TestCase, raw: RawWorkload): Workload {
  const missing = new Set<string>();
  const directory = dirname(path);
  const template = (file: string): object => {
    const full = resolve(directory, file);
    if (existsSync(full)) return parse(readFileSync(full, "utf8")) as object;
    missing.add(relative(dirname(directory), full));
    return {};
  };
  const unknown = new Set<string>();
  const operations: Operation[] = [];
  for (const [index, operation] of test.workloadTemplate.entries()) {
    const resolved = resolveOperation(operation, {
      index,
      parameters: raw.params ?? {},
      template,
      defaultPodTemplate: test.defaultPodTemplatePath,
    });
    if (resolved) operations.push(resolved);
    else unknown.add(operation.opcode);
  }
  const obstacles = [
    ...(unknown.size > 0 ? [`no such operation here: ${[...unknown].join(", ")}`] : []),
    ...(missing.size > 0 ? [`its templates are not there: ${[...missing].join(", ")}`] : []),
  ];
  return {
    name: `${test.name}/${raw.name}`,
    alike: [],
    labels: raw.labels ?? [],
    threshold: raw.threshold,
    operations,
    obstacle: obstacles.join("; ") || undefined,
  };
}
