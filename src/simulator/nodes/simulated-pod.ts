import { type Pod, type PodStatus, podLimits } from "#api";
import type { Clock, Random, Timer } from "#base";
import { limits } from "../limits.ts";
import { between, happens } from "../time/seeds.ts";
import { type Behaviour, outOfMemoryAfterMs, type Usage, usageAt } from "./behaviour.ts";
import { hasProcesses, nextState, type PodEvent, type PodState } from "./pod-state.ts";

/** How the containers of a pod ended last. */
export interface Ending {
  readonly exitCode: number;
  readonly reason: "Completed" | "Error" | "OOMKilled";
}

export interface SimulatedPodOptions {
  readonly pod: Pod;
  readonly behaviour: Behaviour;
  readonly clock: Clock;
  readonly random: Random;
  /** Multiplies every duration: the node may be slow. */
  readonly slowness: () => number;
  /** Of containers that ran on this node before: it may have been started anew. */
  readonly restarts: number;
  /** What was said of it before this process began: it goes on from there. */
  readonly before?: PodStatus;
  readonly onChange: (pod: SimulatedPod, from: PodState) => void;
}

/** One pod on one simulated node. All its containers live and die together. */
export class SimulatedPod {
  pod: Pod;
  readonly address: string | undefined;
  restarts: number;
  startedAt: number | undefined;
  lastEnding: Ending | undefined;
  readonly #options: SimulatedPodOptions;
  #state: PodState = "starting";
  #timers: Timer[] = [];
  #failuresInRow = 0;

  constructor(options: SimulatedPodOptions, address: string | undefined) {
    this.#options = options;
    this.pod = options.pod;
    this.address = address;
    this.restarts = options.restarts;
    const [container] = options.before?.containerStatuses ?? [];
    if (!container) return;
    this.#state = "ready";
    this.restarts = container.restartCount ?? 0;
    this.startedAt = Date.parse(container.state?.running?.startedAt ?? "") || options.clock.now();
  }

  get state(): PodState {
    return this.#state;
  }

  get uid(): string {
    return this.pod.metadata?.uid ?? "";
  }

  /** What it uses now. */
  get usage(): Usage {
    if (!hasProcesses(this.#state) || this.startedAt === undefined) return { cpuMilli: 0, memoryBytes: 0 };
    const nowMs = this.#options.clock.now();
    return usageAt(this.#options.behaviour.usage, nowMs, nowMs - this.startedAt);
  }

  begin(): void {
    this.#enter();
  }

  /** Asks it to end, within `graceMs`. */
  stop(graceMs: number): void {
    if (!this.#take("stop")) return;
    if (this.#state !== "stopping") return;
    const wantedMs = between(this.#options.random, this.#options.behaviour.stopMs) * this.#options.slowness();
    this.#after(Math.min(graceMs, wantedMs), () => this.#take("stopped"));
  }

  /** Its processes are gone, and nobody asked them: the machine has ended. Nothing is said any more. */
  vanish(): void {
    this.#cancel();
    this.#state = "ended";
  }

  /** A fault from outside: its processes end. */
  fail(reason: Ending["reason"]): void {
    this.#end({ exitCode: reason === "OOMKilled" ? 137 : 1, reason });
  }

  #take(event: PodEvent): boolean {
    const next = nextState(this.#state, event);
    if (next === undefined) return false;
    const from = this.#state;
    this.#state = next;
    this.#cancel();
    this.#enter();
    this.#options.onChange(this, from);
    return true;
  }

  /** Sets the timers of the state that was entered. */
  #enter(): void {
    const { behaviour, clock, random, slowness } = this.#options;
    const lasting = (range: readonly [number, number]) => between(random, range) * slowness();
    if (this.#state === "starting") {
      const fails = happens(random, behaviour.startFailureRate);
      this.#after(lasting(behaviour.startMs), () => {
        if (fails) this.#end({ exitCode: 1, reason: "Error" });
        else this.#take("started");
      });
    } else if (this.#state === "running") {
      this.startedAt = clock.now();
      const readyMs = lasting(behaviour.readyMs);
      if (readyMs > 0) this.#after(readyMs, () => this.#take("becameReady"));
      else this.#take("becameReady");
    } else if (this.#state === "ready") {
      this.#failuresInRow = 0;
      this.#planEnd();
    } else if (this.#state === "backingOff") {
      this.startedAt = undefined;
      const pauseMs = limits.crashBackOffMs * 2 ** Math.min(this.#failuresInRow - 1, 5);
      this.#after(this.#failuresInRow <= 1 ? 0 : pauseMs, () => {
        this.restarts += 1;
        this.#take("retry");
      });
    }
  }

  /** The first of what ends a container that runs. */
  #planEnd(): void {
    const { behaviour, random } = this.#options;
    const { runsForMs, crashesPerHour, usage } = behaviour;
    if (runsForMs) {
      this.#after(between(random, runsForMs), () => this.#end({ exitCode: 0, reason: "Completed" }));
    }
    if (crashesPerHour > 0) {
      const afterMs = (-Math.log(1 - random.float()) * 3_600_000) / crashesPerHour;
      this.#after(afterMs, () => this.#end({ exitCode: 1, reason: "Error" }));
    }
    const limitBytes = podLimits(this.pod).memory;
    const oomMs = limitBytes === undefined ? undefined : outOfMemoryAfterMs(usage, limitBytes);
    if (oomMs !== undefined) this.#after(oomMs, () => this.#end({ exitCode: 137, reason: "OOMKilled" }));
  }

  #end(ending: Ending): void {
    this.lastEnding = ending;
    const policy = this.pod.spec?.restartPolicy ?? "Always";
    const isSuccess = ending.exitCode === 0;
    if (policy === "Always" || (policy === "OnFailure" && !isSuccess)) {
      this.#failuresInRow += 1;
      this.#take("failed");
    } else this.#take(isSuccess ? "completed" : "failedForGood");
  }

  #after(delayMs: number, work: () => void): void {
    this.#timers.push(this.#options.clock.setTimer(delayMs, work, { unref: true }));
  }

  #cancel(): void {
    for (const timer of this.#timers) timer.cancel();
    this.#timers = [];
  }
}
