import { type Pod, podCondition } from "#api";
import { isUnschedulable } from "../runs/still-moving.ts";
import { workloadOf } from "./observation.ts";

/** A pod that found no node for a while. */
export interface Wait {
  readonly pod: string;
  readonly workload: string;
  readonly fromMs: number;
  /** Undefined: it waits still. */
  untilMs: number | undefined;
  /** What the scheduler said last. */
  why: string;
}

/** A pod that was ended by somebody who was not its owner. */
export interface Eviction {
  readonly atMs: number;
  readonly pod: string;
  readonly workload: string;
  /** As its condition says: `EvictionByEvictionAPI`, `DeletionByTaintManager`, `PreemptionByScheduler`. */
  readonly reason: string;
}

/** What befell pods. Times since the scenario's beginning, those before it below zero. */
export class PodLog {
  readonly waits: Wait[] = [];
  readonly evictions: Eviction[] = [];
  /** When containers were killed for their memory, by workload. */
  readonly outOfMemory = new Map<string, number[]>();
  readonly #waiting = new Map<string, Wait>();
  readonly #nowMs: () => number;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** Pods that no node takes, at the moment. */
  get pending(): number {
    return this.#waiting.size;
  }

  onPod(pod: Pod | undefined, before: Pod | undefined): void {
    const uid = (pod ?? before)?.metadata?.uid ?? "";
    if (pod && isUnschedulable(pod)) this.#waits(uid, pod);
    else this.#waitsNoMore(uid);
    if (pod && isDisrupted(pod) && !(before && isDisrupted(before))) {
      const reason = podCondition(pod, "DisruptionTarget")?.reason ?? "";
      this.evictions.push({ atMs: this.#nowMs(), pod: nameOf(pod), workload: workloadOf(pod), reason });
    }
  }

  onOutOfMemory(pod: Pod): void {
    const workload = workloadOf(pod);
    const known = this.outOfMemory.get(workload);
    if (known) known.push(this.#nowMs());
    else this.outOfMemory.set(workload, [this.#nowMs()]);
  }

  #waits(uid: string, pod: Pod): void {
    const why = podCondition(pod, "PodScheduled")?.message ?? "";
    const known = this.#waiting.get(uid);
    if (known) known.why = why || known.why;
    else {
      const wait: Wait = {
        pod: nameOf(pod),
        workload: workloadOf(pod),
        fromMs: this.#nowMs(),
        untilMs: undefined,
        why,
      };
      this.#waiting.set(uid, wait);
      this.waits.push(wait);
    }
  }

  #waitsNoMore(uid: string): void {
    const wait = this.#waiting.get(uid);
    if (!wait) return;
    wait.untilMs = this.#nowMs();
    this.#waiting.delete(uid);
  }
}

function isDisrupted(pod: Pod): boolean {
  return podCondition(pod, "DisruptionTarget")?.status === "True";
}

function nameOf({ metadata }: Pod): string {
  return `${metadata?.namespace}/${metadata?.name}`;
}
