import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { aligned, digits } from "../aligned.ts";
import { runWorkload, type WorkloadResult } from "../scheduling/run-workload.ts";
import { readWorkloads, type Workload } from "../scheduling/workloads.ts";
import type { Study } from "./study.ts";

/** Kubernetes' scheduler benchmark, its files as they are: the workloads that it labels for performance. */
export const scheduling: Study = {
  name: "scheduling",
  what: "scheduler_perf of Kubernetes 1.36: all its performance workloads, beside their thresholds",
  async run(context, say) {
    const outcomes: Outcome[] = [];
    for (const workload of chosen()) outcomes.push(await outcomeOf(workload));
    return {
      text: textOf(outcomes),
      json: outcomes.map(({ workload: { operations, ...workload }, ...rest }) => ({ ...workload, ...rest })),
      failures: outcomes.filter(({ failure }) => failure !== undefined).length,
    };

    async function outcomeOf(workload: Workload): Promise<Outcome> {
      if (workload.obstacle) return { workload };
      const result = await runWorkload(context, workload).catch((error: unknown) => String(error));
      const outcome = typeof result === "string" ? { workload, failure: result } : { workload, result };
      say(lineOf(outcome).join("  "));
      return outcome;
    }
  },
};

interface Outcome {
  readonly workload: Workload;
  readonly result?: WorkloadResult;
  readonly failure?: string;
}

/** `NACRE_WORKLOADS`: a part of the names that are to run, or several with commas between. */
function chosen(): readonly Workload[] {
  const parts = (process.env.NACRE_WORKLOADS ?? "").split(",");
  return readWorkloads(directory()).filter(
    ({ name, labels }) => labels.includes("performance") && parts.some((part) => name.includes(part)),
  );
}

/** Where the benchmark's files lie: `NACRE_REFERENCE`, or beside the repository. */
function directory(): string {
  const places = [
    process.env.NACRE_REFERENCE,
    resolve(import.meta.dirname, "../../../shared/reference/kubernetes-1.36"),
  ]
    .filter((place) => place !== undefined)
    .map((place) => resolve(place, "scheduler_perf"));
  const found = places.find((place) => existsSync(place));
  if (found) return found;
  throw new Error(
    `Kubernetes' scheduler_perf is in none of ${places.join(", ")}; copy test/integration/scheduler_perf of its sources there, or set NACRE_REFERENCE`,
  );
}

function textOf(outcomes: readonly Outcome[]): string {
  const head = [
    ["workload", "pods/s", "threshold", "ratio", "p50", "p99"],
    ["API server", "scheduler", "CPU a pod: API", "scheduler", "bench"],
  ].flat();
  const ran = outcomes.filter(({ workload }) => workload.obstacle === undefined);
  const left = outcomes.flatMap(({ workload: { name, obstacle } }) =>
    obstacle ? [`  ${name}: ${obstacle}`] : [],
  );
  const alike = ran.flatMap(({ workload: { name, alike: others } }) =>
    others.length > 0 ? [`  ${name}: ${others.join(", ")}`] : [],
  );
  return [
    aligned([head, ...ran.map(lineOf)]),
    ...(alike.length > 0
      ? ["", "The same workload, its feature gates being of Kubernetes' own scheduler:", ...alike]
      : []),
    ...(left.length > 0 ? ["", "Not run:", ...left] : []),
  ].join("\n");
}

function lineOf({ workload: { name, threshold }, result, failure }: Outcome): string[] {
  if (!result) return [name, `failed: ${failure}`];
  const { perSecond, latencyMs, peakMemory, cpuPerPod } = result;
  return [
    name,
    digits(perSecond),
    threshold === undefined ? "" : String(threshold),
    threshold === undefined ? "" : `${digits(perSecond / threshold)}×`,
    `${digits(latencyMs.p50)} ms`,
    `${digits(latencyMs.p99)} ms`,
    `${digits(peakMemory.controlPlane)} MB`,
    `${digits(peakMemory.scheduler)} MB`,
    `${cpuPerPod.controlPlane.toFixed(2)} ms`,
    `${cpuPerPod.scheduler.toFixed(2)} ms`,
    `${cpuPerPod.bench.toFixed(2)} ms`,
  ];
}
