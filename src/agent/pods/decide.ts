import type { Container, Pod } from "#api";
import { assert } from "#base";
import { limits } from "../limits.ts";
import { containersOf, isSidecar, restarts } from "./containers.ts";
import { crashBackOffUntil, enter, nextBackOff, withContainer } from "./facts.ts";
import { graceMsOf } from "./grace.ts";
import type { PodEvent } from "./life.ts";
import { type ContainerObservation, type Observation, type Step, type Stop, stopBy } from "./observation.ts";

/** What to do to a pod now. The worker carries actions out side by side and reports each one's end as a fact. */
export type Action =
  | { readonly type: "mountVolumes" }
  | { readonly type: "createSandbox" }
  | { readonly type: "pullImage"; readonly container: string }
  | {
      readonly type: "startContainer";
      readonly container: string;
      readonly attempt: number;
      readonly backOffMs: number;
    }
  /** The crash back-off holds a restart back: say so. */
  | { readonly type: "announceBackOff"; readonly container: string; readonly delayMs: number }
  /** The pull back-off has begun: say so. */
  | { readonly type: "announcePullBackOff"; readonly container: string }
  | {
      readonly type: "stopContainer";
      readonly container: string;
      readonly graceMs: number;
      readonly message: string;
    }
  | { readonly type: "clean" }
  | { readonly type: "deletePod" }
  | { readonly type: "forget" };

/** The next observation, with what is under way marked as such, what to begin, and when to look again. */
export interface Advance {
  readonly observation: Observation;
  readonly actions: readonly Action[];
  /** Milliseconds since the epoch; undefined: nothing depends on time alone. */
  readonly wakeAt: number | undefined;
}

/** Takes a pod as far as it can get without waiting. Pure, idempotent: without a new fact, a second call does nothing. */
export function advance(pod: Pod, observation: Observation, now: number): Advance {
  const turn = new Turn(pod, observation, now);
  for (;;) {
    const event = turn.decide();
    if (event === undefined) return turn.result();
    turn.enter(event);
  }
}

class Turn {
  readonly #pod: Pod;
  readonly #now: number;
  readonly #actions: Action[] = [];
  #seen: Observation;
  #wakeAt: number | undefined;

  constructor(pod: Pod, observation: Observation, now: number) {
    this.#pod = pod;
    this.#seen = observation;
    this.#now = now;
  }

  result(): Advance {
    return { observation: this.#seen, actions: this.#actions, wakeAt: this.#wakeAt };
  }

  enter(event: PodEvent): void {
    this.#seen = enter(this.#pod, this.#seen, event);
  }

  decide(): PodEvent | undefined {
    switch (this.#seen.state) {
      case "Preparing":
        return this.#stopEvent() ?? this.#prepare();
      case "Initializing":
        return this.#stopEvent() ?? this.#initialize();
      case "Running":
        return this.#stopEvent() ?? this.#run();
      case "Stopping":
        return this.#stop();
      case "Cleaning":
        return this.#clean();
      case "Finished":
        return this.#finish();
      case "Forgotten":
        return undefined;
    }
  }

  /** A deadline that has passed, or somebody's wish. */
  #stopEvent(): PodEvent | undefined {
    const seconds = this.#pod.spec?.activeDeadlineSeconds;
    if (!this.#seen.stop && seconds !== undefined) {
      const deadline = this.#seen.startedAt + seconds * 1000;
      if (deadline > this.#now) this.#wake(deadline);
      else this.#want({ cause: "deadline", failed: deadlineExceeded });
    }
    return this.#seen.stop ? "stop" : undefined;
  }

  #prepare(): PodEvent | undefined {
    const { volumes, sandbox } = this.#seen;
    if (sandbox.is === "idle" && this.#endedWithItsSandbox()) return this.#want({ cause: "completed" });
    if (this.#due(volumes)) {
      this.#seen = { ...this.#seen, volumes: busy(volumes) };
      this.#actions.push({ type: "mountVolumes" });
    }
    if (this.#due(sandbox)) {
      this.#seen = { ...this.#seen, sandbox: busy(sandbox) };
      this.#actions.push({ type: "createSandbox" });
    }
    if (volumes.is === "done" && sandbox.is === "done") return "prepared";
    for (const container of this.#first()) this.#fetchImage(container);
    return undefined;
  }

  /** Its containers are done, or must not run twice: a new sandbox would be for nothing. */
  #endedWithItsSandbox(): boolean {
    const { init, main } = containersOf(this.#pod);
    if (main.every((container) => this.#isOver(container))) return true;
    const ran = (container: Container) => this.#of(container).nextAttempt > 0;
    const alive = (container: Container) => this.#of(container).run.is === "running";
    return (
      this.#pod.spec?.restartPolicy === "Never" &&
      [...init, ...main].some(ran) &&
      ![...init, ...main].some(alive)
    );
  }

  /** What starts as soon as the sandbox is there. */
  #first(): readonly Container[] {
    const { init, main } = containersOf(this.#pod);
    const next = init.find((container) => !this.#of(container).passed);
    return next ? [next] : main.filter((container) => this.#of(container).run.is === "absent");
  }

  #initialize(): PodEvent | undefined {
    if (this.#seen.sandbox.is !== "done") return "sandboxLost";
    this.#runEphemeral();
    for (const container of containersOf(this.#pod).init) {
      const seen = this.#of(container);
      if (isSidecar(container)) {
        this.#keepRunning(container);
        if (!seen.passed && !seen.started) return undefined;
        if (!seen.passed) this.#put(container, { ...this.#of(container), passed: true });
        continue;
      }
      if (seen.passed || (seen.run.is === "exited" && seen.run.exitCode === 0)) continue;
      if (seen.run.is === "exited" && !restarts(this.#pod, container, seen.run.exitCode)) {
        return this.#want({ cause: "completed" });
      }
      // An init container that failed runs again whatever the policy, unless it is Never.
      this.#keepRunning(container);
      return undefined;
    }
    return "initialized";
  }

  #run(): PodEvent | undefined {
    if (this.#seen.sandbox.is !== "done") return "sandboxLost";
    const { main, sidecars } = containersOf(this.#pod);
    const over = main.filter((container) => this.#isOver(container));
    if (over.length === main.length) return this.#want({ cause: "completed" });
    for (const container of sidecars) this.#keepRunning(container);
    for (const container of main) if (!over.includes(container)) this.#keepRunning(container);
    this.#runEphemeral();
    return undefined;
  }

  /** Also beside init containers that fail: they are what one wants to look at. What has run once never runs again. */
  #runEphemeral(): void {
    for (const container of containersOf(this.#pod).ephemeral) {
      if (this.#of(container).nextAttempt === 0) this.#keepRunning(container);
    }
  }

  #isOver(container: Container): boolean {
    const { run } = this.#of(container);
    return run.is === "exited" && !restarts(this.#pod, container, run.exitCode);
  }

  /** Brings a container to running: back-off, image, start; or ends it when it has to start anew. */
  #keepRunning(container: Container): void {
    const seen = this.#of(container);
    if (seen.operation.is === "starting" || seen.operation.is === "stopping") return;
    if (seen.run.is === "running") {
      const kill = seen.kill ?? this.#changed(container, seen);
      if (kill) this.#beginStop(container.name, this.#now + kill.graceMs, kill.message);
      return;
    }
    const until = crashBackOffUntil(seen);
    if (until !== undefined && until > this.#now) this.#holdBack(container, seen, until);
    else if (seen.failure && seen.failure.retryAt > this.#now) this.#wake(seen.failure.retryAt);
    else this.#start(container, seen);
  }

  #start(container: Container, seen: ContainerObservation): void {
    this.#fetchImage(container);
    if (this.#of(container).image.is !== "done") return;
    const backOff = nextBackOff(seen, this.#now);
    this.#put(container, { ...this.#of(container), operation: { is: "starting" }, backOff });
    this.#actions.push({
      type: "startContainer",
      container: container.name,
      attempt: seen.nextAttempt,
      backOffMs: backOff?.delayMs ?? 0,
    });
  }

  #holdBack(container: Container, seen: ContainerObservation, until: number): void {
    this.#wake(until);
    if (seen.failure?.reason === "CrashLoopBackOff") return;
    const delayMs = seen.backOff?.delayMs ?? 0;
    const { name, namespace, uid } = this.#pod.metadata ?? {};
    const message = `back-off ${duration(delayMs)} restarting failed container=${container.name} pod=${name}_${namespace}(${uid})`;
    const failure = { reason: "CrashLoopBackOff", message, failures: 0, failedAt: this.#now, retryAt: until };
    this.#put(container, { ...seen, failure });
    this.#actions.push({ type: "announceBackOff", container: container.name, delayMs });
  }

  #changed(container: Container, seen: ContainerObservation) {
    if (seen.run.is !== "running" || seen.run.image.reference === container.image) return undefined;
    return {
      message: `Container ${container.name} definition changed, will be restarted`,
      graceMs: this.#graceMs(),
    };
  }

  #fetchImage(container: Container): void {
    const seen = this.#of(container);
    if (!this.#due(seen.image)) {
      this.#announcePullBackOff(container, seen);
      return;
    }
    this.#put(container, { ...seen, image: busy(seen.image) });
    this.#actions.push({ type: "pullImage", container: container.name });
  }

  /** A failed pull shows as ErrImagePull for a moment, then as ImagePullBackOff until it is tried again. */
  #announcePullBackOff(container: Container, seen: ContainerObservation): void {
    if (seen.image.is !== "failed" || seen.image.failure.reason !== "ErrImagePull") return;
    const { failure } = seen.image;
    const shownUntil = failure.failedAt + limits.pullErrorShownMs;
    if (shownUntil > this.#now) {
      this.#wake(shownUntil);
      return;
    }
    const message = `Back-off pulling image "${container.image}": ErrImagePull: ${failure.message}`;
    const image = { is: "failed", failure: { ...failure, reason: "ImagePullBackOff", message } } as const;
    this.#put(container, { ...seen, image });
    this.#actions.push({ type: "announcePullBackOff", container: container.name });
  }

  /** Containers first, all at once; then the sidecars, the last one started first. */
  #stop(): PodEvent | undefined {
    const { init, main, sidecars, ephemeral } = containersOf(this.#pod);
    const plain = [...init.filter((container) => !isSidecar(container)), ...main, ...ephemeral];
    if (this.#stopAll(plain)) return undefined;
    for (const container of sidecars.toReversed()) if (this.#stopAll([container])) return undefined;
    const { volumes, sandbox } = this.#seen;
    return volumes.is === "busy" || sandbox.is === "busy" ? undefined : "stopped";
  }

  /** Whether any of them still lives. */
  #stopAll(containers: readonly Container[]): boolean {
    const { stop } = this.#seen;
    assert(stop, "a pod that stops knows why");
    let alive = false;
    for (const container of containers) {
      const { operation, run } = this.#of(container);
      if (operation.is === "starting") {
        alive = true;
      } else if (run.is === "running") {
        alive = true;
        // A sidecar whose turn comes when the grace is used up is asked, too, before it is killed.
        const by = Math.max(stopBy(stop), this.#now + limits.minimumGraceMs);
        if (operation.is !== "stopping" || operation.by > by) {
          this.#beginStop(container.name, by, `Stopping container ${container.name}`);
        }
      }
    }
    return alive;
  }

  #beginStop(name: string, by: number, message: string): void {
    const seen = this.#seen.containers[name];
    assert(seen, `no container ${name}`);
    this.#seen = withContainer(this.#seen, name, { ...seen, operation: { is: "stopping", by } });
    const graceMs = Math.max(0, by - this.#now);
    this.#actions.push({ type: "stopContainer", container: name, graceMs, message });
  }

  #clean(): PodEvent | undefined {
    const { cleaning } = this.#seen;
    if (cleaning.is === "done") return "cleaned";
    if (!this.#due(cleaning)) return undefined;
    this.#seen = { ...this.#seen, cleaning: busy(cleaning) };
    this.#actions.push({ type: "clean" });
    return undefined;
  }

  #finish(): PodEvent | undefined {
    if (this.#seen.gone) {
      this.#actions.push({ type: "forget" });
      return "forgotten";
    }
    const { removal } = this.#seen;
    if (!this.#pod.metadata?.deletionTimestamp || !this.#seen.reported || !this.#due(removal))
      return undefined;
    this.#seen = { ...this.#seen, removal: busy(removal) };
    this.#actions.push({ type: "deletePod" });
    return undefined;
  }

  #want(stop: Pick<Stop, "cause" | "failed">): PodEvent {
    this.#seen = { ...this.#seen, stop: { ...stop, requestedAt: this.#now, graceMs: this.#graceMs() } };
    return "stop";
  }

  #graceMs(): number {
    return graceMsOf(this.#pod);
  }

  #due<T>(step: Step<T>): boolean {
    if (step.is === "idle") return true;
    if (step.is !== "failed") return false;
    if (step.failure.retryAt <= this.#now) return true;
    this.#wake(step.failure.retryAt);
    return false;
  }

  #of(container: Container): ContainerObservation {
    const seen = this.#seen.containers[container.name];
    assert(seen, `no container ${container.name}`);
    return seen;
  }

  #put(container: Container, seen: ContainerObservation): void {
    this.#seen = withContainer(this.#seen, container.name, seen);
  }

  #wake(at: number): void {
    if (this.#wakeAt === undefined || at < this.#wakeAt) this.#wakeAt = at;
  }
}

const deadlineExceeded = {
  reason: "DeadlineExceeded",
  message: "Pod was active on the node longer than the specified deadline",
};

function busy<T>(step: Step<T>): Step<T> {
  return { is: "busy", failures: step.is === "failed" ? step.failure.failures : 0 };
}

/** As Go prints durations: `10s`, `1m20s`, `5m0s`. */
export function duration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  const minutes = Math.floor(seconds / 60);
  return minutes === 0 ? `${seconds}s` : `${minutes}m${seconds % 60}s`;
}
