import { type Pod, pods } from "#api";
import { keyOf } from "#apiserver";
import type { Commit } from "#store";
import { newCheckers } from "../checkers/registry.ts";
import { limits } from "../limits.ts";
import type { SimulatedNode, SimulatedPod } from "../nodes/mod.ts";
import { Simulation, type SimulationOptions } from "../simulation.ts";
import type { Checker } from "./checker.ts";
import { History } from "./history.ts";

/** What went wrong, the first time something did. */
export interface Violation {
  readonly checker: string;
  readonly message: string;
  readonly atMs: number;
}

export type WorldOptions = Omit<SimulationOptions, "observer" | "onOpen" | "onFailure">;

const utf8 = new TextDecoder();

/** A simulation with everything that watches it. The first violation stops its clock. */
export class World {
  readonly simulation: Simulation;
  readonly history: History;
  readonly counts = new Map<string, number>();
  violation: Violation | undefined;
  /** Faults that are going on now, in words. */
  readonly activeFaults = new Set<string>();
  #lastFaultMs = Number.NEGATIVE_INFINITY;
  readonly #checkers: readonly Checker[];
  readonly #podPrefix = keyOf(pods, "");
  readonly #pods = new Map<string, Pod>();

  constructor(options: WorldOptions) {
    this.history = new History({
      onCommit: (commit) => this.#onCommit(commit),
      onViolation: (message) => this.violate("acknowledged", message),
    });
    this.simulation = new Simulation({
      ...options,
      ports: {
        ...options.ports,
        storePort: (store) => this.history.watching(options.ports?.storePort?.(store) ?? store),
      },
      observer: {
        onProcesses: (node, pod, is) => this.#onProcesses(node, pod, is),
        onRefused: (node, pod, reason) => {
          this.count("refused by nodes");
          this.simulation.trace.record(node.name, `refuses ${pod.metadata?.name}: ${reason}`);
        },
      },
      onOpen: (store) => this.history.attach(store),
      onFailure: (message) => this.violate("programs", message),
    });
    this.#checkers = newCheckers(this);
  }

  /** No fault is going on, nor has one ended a moment ago. */
  get isCalm(): boolean {
    const sinceMs = this.simulation.clock.monotonicMs() - this.#lastFaultMs;
    return this.activeFaults.size === 0 && sinceMs > limits.calmAfterMs;
  }

  faultBegan(words: string): void {
    this.activeFaults.add(words);
    this.#lastFaultMs = this.simulation.clock.monotonicMs();
    this.simulation.trace.record("fault", `begins: ${words}`);
  }

  faultEnded(words: string): void {
    this.activeFaults.delete(words);
    this.#lastFaultMs = this.simulation.clock.monotonicMs();
    this.simulation.trace.record("fault", `ends: ${words}`);
  }

  violate(checker: string, message: string): void {
    const { clock, trace } = this.simulation;
    this.violation ??= { checker, message, atMs: clock.monotonicMs() };
    trace.record("VIOLATION", `${checker}: ${message}`);
    clock.stop();
  }

  count(what: string, amount = 1): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + amount);
  }

  /** The pods as the store has them. */
  get pods(): Iterable<Pod> {
    return this.#pods.values();
  }

  #onCommit(commit: Commit): void {
    const { trace } = this.simulation;
    for (const { key, entry, previous } of commit.changes) {
      trace.mixNumber(commit.revision);
      if (entry) trace.mixBytes(entry.value);
      if (!key.startsWith(this.#podPrefix)) continue;
      const before = previous && this.#pods.get(key);
      const pod = entry && (JSON.parse(utf8.decode(entry.value)) as Pod);
      if (pod) this.#pods.set(key, pod);
      else this.#pods.delete(key);
      for (const checker of this.#checkers) checker.onPod?.({ pod, previous: before, commit });
    }
    for (const checker of this.#checkers) checker.onCommit?.(commit);
  }

  #onProcesses(node: SimulatedNode, pod: SimulatedPod, is: "started" | "gone"): void {
    this.count(`pods ${is}`);
    this.simulation.trace.record(node.name, `${pod.pod.metadata?.namespace}/${pod.pod.metadata?.name} ${is}`);
    for (const checker of this.#checkers) checker.onProcesses?.(node, pod, is);
  }
}
