import type { Context } from "../context.ts";
import type { Ask } from "./calls.ts";
import type { GeneratorCalls } from "./generator.ts";
import type { Counted, JudgeCalls, Pods } from "./judge.ts";
import type { CreatePods, Operation } from "./operations.ts";
import { type CpuByProgram, openStage, type Stage } from "./stage.ts";
import type { Workload } from "./workloads.ts";

export interface WorkloadResult extends Counted {
  /** Megabytes. */
  readonly peakMemory: { readonly controlPlane: number; readonly scheduler: number };
  /** Milliseconds per pod that was counted, while they were counted. */
  readonly cpuPerPod: CpuByProgram;
}

/** Runs one workload on a fresh control plane. What it counts is what the workload says is to be counted. */
export async function runWorkload(context: Context, workload: Workload): Promise<WorkloadResult> {
  const stage = await openStage(context);
  try {
    const run = new Run(stage);
    await run.connect(stage.endpoint);
    for (const operation of workload.operations) await run.step(operation);
    if (!run.counted) throw new Error("the workload counts nothing");
    return { ...run.counted, peakMemory: stage.peakMemory() };
  } finally {
    await stage.end();
  }
}

/** What is under way in one workload. */
class Run {
  readonly #generator: Ask<GeneratorCalls>;
  readonly #judge: Ask<JudgeCalls>;
  readonly #namespaces = new Set<string>();
  /** Pods whose fate no step has waited for yet, by namespace. */
  readonly #awaited = new Map<string, number>();
  /** How many pods a namespace was given. */
  readonly #given = new Map<string, number>();
  readonly #cpuSeconds: () => CpuByProgram;
  #cpuBefore: CpuByProgram | undefined;
  counted: (Counted & Pick<WorkloadResult, "cpuPerPod">) | undefined;

  constructor(stage: Stage) {
    this.#generator = stage.program<GeneratorCalls>("generator.ts");
    this.#judge = stage.program<JudgeCalls>("judge.ts");
    this.#cpuSeconds = stage.cpuSeconds;
  }

  async connect(endpoint: GeneratorEndpoint): Promise<void> {
    await Promise.all([this.#generator("connect", { endpoint }), this.#judge("connect", { endpoint })]);
  }

  async step(operation: Operation): Promise<void> {
    switch (operation.opcode) {
      case "createNodes":
        return this.#generator("createNodes", operation);
      case "createNamespaces":
        for (const name of operation.names) this.#namespaces.add(name);
        return this.#generator("createNamespaces", operation);
      case "createPods":
        return this.#createPods([operation]);
      case "createPodSets":
        return this.#createPods(operation.sets);
      case "createAny":
        if (operation.namespace) await this.#ensureNamespace(operation.namespace);
        return this.#generator("createAny", operation);
      case "deletePods":
        return this.#deletePods(operation);
      case "churn":
        await this.#ensureNamespace(operation.namespace);
        return this.#generator("churn", operation);
      case "barrier":
        return this.#barrier(operation);
      case "startCollectingMetrics":
        return this.#start(operation);
      case "stopCollectingMetrics":
        return this.#stop();
    }
  }

  async #start(which: Pods): Promise<void> {
    this.#cpuBefore = this.#cpuSeconds();
    await this.#judge("start", { pods: which });
  }

  async #stop(): Promise<void> {
    const before = this.#cpuBefore;
    if (!before) throw new Error("the workload stops counting before it starts");
    const after = this.#cpuSeconds();
    const counted = await this.#judge("stop", {});
    const perPod = (program: keyof CpuByProgram) =>
      ((after[program] - before[program]) * 1000) / counted.scheduled;
    const cpuPerPod = {
      controlPlane: perPod("controlPlane"),
      scheduler: perPod("scheduler"),
      bench: perPod("bench"),
    };
    this.counted = { ...counted, cpuPerPod };
  }

  async #createPods(sets: readonly CreatePods[]): Promise<void> {
    for (const { namespace } of sets) await this.#ensureNamespace(namespace);
    const namespaces = sets.map(({ namespace }) => namespace);
    const collects = sets.some((one) => one.collects);
    if (collects) await this.#start({ namespaces, selector: {} });
    for (const one of sets) {
      this.#given.set(one.namespace, (this.#given.get(one.namespace) ?? 0) + one.count);
      await this.#generator("createPods", one);
      if (!one.waits) this.#awaited.set(one.namespace, this.#given.get(one.namespace) ?? 0);
    }
    if (sets.every((one) => one.waits)) await this.#reached({ namespaces, selector: {} }, "Scheduled");
    if (collects) await this.#stop();
  }

  async #deletePods(operation: Operation & { opcode: "deletePods" }): Promise<void> {
    const deleted = this.#generator("deletePods", operation);
    if (operation.waits) await deleted;
    // It goes on beside what follows; the workload may end before it does.
    else deleted.catch(() => {});
  }

  async #barrier({ stage, selector }: Operation & { opcode: "barrier" }): Promise<void> {
    const namespaces = [...this.#awaited.keys()];
    await this.#reached({ namespaces, selector }, stage);
    if (stage === "Scheduled") this.#awaited.clear();
  }

  /** With a selector it is not known how many there should be: then those that were seen count. */
  #reached(which: Pods, stage: "Attempted" | "Scheduled"): Promise<void> {
    const isAll = Object.keys(which.selector).length === 0;
    const count = isAll ? which.namespaces.reduce((sum, name) => sum + (this.#given.get(name) ?? 0), 0) : 0;
    return this.#judge("reached", { pods: which, stage, count, timeoutMs });
  }

  async #ensureNamespace(name: string): Promise<void> {
    if (this.#namespaces.has(name)) return;
    this.#namespaces.add(name);
    await this.#generator("createNamespaces", { names: [name], template: {} });
  }
}

type GeneratorEndpoint = Parameters<GeneratorCalls["connect"]>[0]["endpoint"];

/** What takes longer has hung. */
const timeoutMs = 300_000;
