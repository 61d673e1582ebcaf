import type { Pod, PodStatus } from "#api";
import type { Clock, Random, Timer } from "#base";
import { limits } from "../limits.ts";
import { between, happens } from "../time/seeds.ts";
import { type Behaviour, outOfMemoryAfterMs, type Usage, usageAt } from "./behaviour.ts";
import { memoryLimit } from "./memory-limit.ts";
import { hasProcesses, nextState, type PodEvent, type PodState } from "./pod-state.ts";

/** How the containers of a pod ended last. */
export interface Ending {
  readonly exitCode: number;
  readonly reason: "Completed" | "Error" | "OOMKilled";
}

/** What pods have of the node that they run on, while it is on. One for all of them: there may be a hundred thousand pods. */
export interface PodHost {
  readonly clock: Clock;
  readonly random: Random;
  /** Multiplies every duration: the node may be slow. */
  readonly slowness: () => number;
  readonly onChange: (pod: SimulatedPod, from: PodState) => void;
}

export interface SimulatedPodOptions {
  readonly pod: Pod;
  readonly behaviour: Behaviour;
  readonly address: string;
  /** Of containers that ran on this node before: it may have been started anew. */
  readonly restarts: number;
  /** What was said of it before this process began: it goes on from there. */
  readonly before: PodStatus | undefined;
}

/** One pod on one simulated node. All its containers live and die together. */
export class SimulatedPod {
  pod: Pod;
  readonly address: string;
  restarts: number;
  startedAt: number | undefined;
  lastEnding: Ending | undefined;
  readonly #host: PodHost;
  readonly #behaviour: Behaviour;
  #state: PodState = "starting";
  #timers: readonly Timer[] = noTimers;
  #failuresInRow = 0;

  constructor({ pod, behaviour, address, restarts, before }: SimulatedPodOptions, host: PodHost) {
    this.pod = pod;
    this.address = address;
    this.restarts = restarts;
    this.#host = host;
    this.#behaviour = behaviour;
    const [container] = before?.containerStatuses ?? [];
    if (!container) return;
    this.#state = "ready";
    this.restarts = container.restartCount ?? 0;
    this.startedAt = Date.parse(container.state?.running?.startedAt ?? "") || host.clock.now();
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
    const nowMs = this.#host.clock.now();
    return usageAt(this.#behaviour.usage, nowMs, nowMs - this.startedAt);
  }

  begin(): void {
    this.#enter();
  }

  /** Asks it to end, within `graceMs`. */
  stop(graceMs: number): void {
    if (!this.#take("stop")) return;
    if (this.#state !== "stopping") return;
    const { random, slowness } = this.#host;
    const wantedMs = between(random, this.#behaviour.stopMs) * slowness();
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
    this.#host.onChange(this, from);
    return true;
  }

  /** Sets the timers of the state that was entered. */
  #enter(): void {
    const { clock, random, slowness } = this.#host;
    const behaviour = this.#behaviour;
    const lasting = (range: readonly [number, number]) => between(random, range) * slowness();
    if (this.#state === "starting") {
      const mayFail = this.#failuresInRow < (behaviour.startFailuresInRow ?? Number.POSITIVE_INFINITY);
      const fails = happens(random, behaviour.startFailureRate) && mayFail;
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
      const limitBytes = memoryLimit(this.pod);
      const oomMs =
        limitBytes === undefined ? undefined : outOfMemoryAfterMs(this.#behaviour.usage, limitBytes);
      // One that is killed as soon as it works has not come to work.
      if (oomMs !== 0) this.#failuresInRow = 0;
      this.#planEnd(oomMs);
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
  #planEnd(oomMs: number | undefined): void {
    const { random } = this.#host;
    const { runsForMs, crashesPerHour } = this.#behaviour;
    if (runsForMs) {
      this.#after(between(random, runsForMs), () => this.#end({ exitCode: 0, reason: "Completed" }));
    }
    if (crashesPerHour > 0) {
      const afterMs = (-Math.log(1 - random.float()) * 3_600_000) / crashesPerHour;
      this.#after(afterMs, () => this.#end({ exitCode: 1, reason: "Error" }));
    }
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
    this.#timers = [...this.#timers, this.#host.clock.setTimer(delayMs, work, { unref: true })];
  }

  #cancel(): void {
    for (const timer of this.#timers) timer.cancel();
    this.#timers = noTimers;
  }
}

const noTimers: readonly Timer[] = [];
