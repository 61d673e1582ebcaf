import type { Pod } from "#api";
import { assert } from "#base";
import { backOffMs, limits } from "../limits.ts";
import { containersOf } from "./containers.ts";
import { type PodEvent, transitions } from "./life.ts";
import {
  type BackOff,
  type ContainerObservation,
  type ExitedRun,
  type Failure,
  type Kill,
  newContainer,
  type Observation,
  type PresentImage,
  type RunningRun,
  type SandboxFacts,
  type Step,
  type Stop,
  stopBy,
} from "./observation.ts";

/** Something that has happened to a pod or was found out about it. */
export type Fact =
  | { readonly type: "volumesMounted" }
  | { readonly type: "volumesFailed"; readonly message: string }
  | { readonly type: "sandboxReady"; readonly sandbox: SandboxFacts }
  | { readonly type: "sandboxFailed"; readonly message: string }
  /** Somebody added an ephemeral container to the pod. */
  | { readonly type: "containerAdded"; readonly container: string }
  /** Its namespaces are gone; whatever ran in it has been told as exited before. */
  | { readonly type: "sandboxLost" }
  | { readonly type: "imagePresent"; readonly container: string; readonly image: PresentImage }
  | {
      readonly type: "imageFailed";
      readonly container: string;
      readonly reason: string;
      readonly message: string;
    }
  /** The pod names another image now. */
  | { readonly type: "imageChanged"; readonly container: string }
  | { readonly type: "started"; readonly container: string; readonly run: RunningRun; readonly hook: boolean }
  | { readonly type: "hookEnded"; readonly container: string }
  /** It could not be created: nothing ran. */
  | {
      readonly type: "createFailed";
      readonly container: string;
      readonly reason: string;
      readonly message: string;
    }
  /** It ended; also when it could not be started. */
  | { readonly type: "exited"; readonly container: string; readonly run: ExitedRun }
  | {
      readonly type: "probed";
      readonly container: string;
      readonly started?: boolean;
      readonly ready?: boolean;
    }
  | { readonly type: "killWanted"; readonly container: string; readonly kill: Kill }
  | { readonly type: "stopWanted"; readonly stop: Stop }
  | { readonly type: "cleaned" }
  | { readonly type: "cleaningFailed"; readonly message: string }
  | { readonly type: "removed" }
  | { readonly type: "removalFailed"; readonly message: string }
  | { readonly type: "reported" }
  | { readonly type: "gone" }
  /** Something that a failed step waits for has changed: try now. */
  | { readonly type: "sourceChanged" };

/** The observation after a fact. Pure. */
export function learn(before: Observation, fact: Fact, now: number): Observation {
  switch (fact.type) {
    case "volumesMounted":
      return { ...before, volumes: { is: "done", value: true } };
    case "volumesFailed":
      return { ...before, volumes: failed(before.volumes, "FailedMount", fact.message, now) };
    case "sandboxReady":
      return { ...before, sandbox: { is: "done", value: fact.sandbox } };
    case "sandboxFailed":
      return { ...before, sandbox: failed(before.sandbox, "FailedCreatePodSandBox", fact.message, now) };
    case "sandboxLost":
      return { ...before, sandbox: { is: "idle" } };
    case "containerAdded":
      return before.containers[fact.container]
        ? before
        : withContainer(before, fact.container, newContainer());
    case "stopWanted":
      return withStop(before, fact.stop);
    case "cleaned":
      return { ...before, cleaning: { is: "done", value: true } };
    case "cleaningFailed":
      return { ...before, cleaning: failed(before.cleaning, "FailedKillPod", fact.message, now) };
    case "removed":
      return { ...before, removal: { is: "done", value: true } };
    case "removalFailed":
      return { ...before, removal: failed(before.removal, "FailedDelete", fact.message, now) };
    case "reported":
      return { ...before, reported: true };
    case "gone":
      return { ...before, gone: true };
    case "sourceChanged":
      return retryNow(before, now);
    default: {
      const container = before.containers[fact.container];
      if (!container) return before;
      return withContainer(before, fact.container, learnOfContainer(container, fact, now));
    }
  }
}

/** The observation after a transition of the pod's life. */
export function enter(pod: Pod, before: Observation, event: PodEvent): Observation {
  const state = transitions[before.state][event];
  assert(state !== "impossible", `a pod in ${before.state} cannot be ${event}`);
  const after = { ...before, state };
  return event === "sandboxLost" && state === "Preparing" ? startOver(pod, after) : after;
}

export function withContainer(
  before: Observation,
  name: string,
  container: ContainerObservation,
): Observation {
  return { ...before, containers: { ...before.containers, [name]: container } };
}

type ContainerFact = Exclude<Extract<Fact, { container: string }>, { type: "containerAdded" }>;

function learnOfContainer(
  before: ContainerObservation,
  fact: ContainerFact,
  now: number,
): ContainerObservation {
  switch (fact.type) {
    case "imagePresent":
      return { ...before, image: { is: "done", value: fact.image } };
    case "imageChanged":
      return before.image.is === "failed" ? { ...before, image: { is: "idle" } } : before;
    case "imageFailed":
      return { ...before, image: pullFailed(before.image, fact.reason, fact.message, now) };
    case "started":
      // It ended before its start was told.
      if (before.run.is === "exited" && before.run.id === fact.run.id) return before;
      return {
        ...before,
        run: fact.run,
        previous: before.run.is === "exited" ? before.run : before.previous,
        nextAttempt: fact.run.attempt + 1,
        operation: { is: fact.hook ? "hooking" : "none" },
        failure: undefined,
        started: false,
        ready: false,
        kill: undefined,
      };
    case "hookEnded":
      return before.operation.is === "hooking" ? { ...before, operation: { is: "none" } } : before;
    case "createFailed":
      return { ...before, operation: { is: "none" }, failure: failureAfter(before.failure, fact, now) };
    case "exited":
      return exited(before, fact.run);
    case "probed":
      return {
        ...before,
        started: fact.started ?? before.started,
        ready: fact.ready ?? before.ready,
      };
    case "killWanted":
      return before.run.is === "running" ? { ...before, kill: fact.kill } : before;
  }
}

function exited(before: ContainerObservation, run: ExitedRun): ContainerObservation {
  const current = before.run;
  // An older container's end, told late, changes nothing about the newer one; nor does an end told twice.
  if (current.is !== "absent" && current.attempt > run.attempt) return before;
  if (current.is === "exited" && current.id === run.id) return before;
  return {
    ...before,
    run,
    previous: current.is === "exited" ? current : before.previous,
    nextAttempt: Math.max(before.nextAttempt, run.attempt + 1),
    image: { is: "idle" },
    operation: { is: "none" },
    failure: undefined,
    started: false,
    ready: false,
    kill: undefined,
  };
}

/** When a container that ended may start again: undefined is at once. Kubernetes' crash back-off. */
export function crashBackOffUntil(container: ContainerObservation): number | undefined {
  const { run, backOff } = container;
  if (run.is !== "exited" || !backOff || expired(backOff, run)) return undefined;
  return run.finishedAt + backOff.delayMs;
}

/** The back-off that applies after the start that happens now. */
export function nextBackOff(container: ContainerObservation, now: number): BackOff | undefined {
  const { run, backOff } = container;
  if (run.is !== "exited") return backOff;
  if (!backOff || expired(backOff, run)) return { delayMs: limits.crashBackOffInitialMs, updatedAt: now };
  return { delayMs: Math.min(backOff.delayMs * 2, limits.crashBackOffMaximumMs), updatedAt: now };
}

function expired(backOff: BackOff, run: ExitedRun): boolean {
  return run.finishedAt - backOff.updatedAt > limits.crashBackOffResetMs;
}

/** A later wish to stop may only bring the end nearer, and a deletion outlasts every other cause. */
function withStop(before: Observation, stop: Stop): Observation {
  const current = before.stop;
  if (!current) return { ...before, stop };
  const by = Math.min(stopBy(current), stopBy(stop));
  const graceMs = Math.max(0, by - current.requestedAt);
  const failure = current.failed ?? (current.cause === "completed" ? undefined : stop.failed);
  return { ...before, stop: { ...current, graceMs, ...(failure ? { failed: failure } : {}) } };
}

/** Nothing of the old sandbox is left: init containers run again, everything counts as a restart. */
function startOver(pod: Pod, before: Observation): Observation {
  const { init } = containersOf(pod);
  const containers: Record<string, ContainerObservation> = {};
  for (const [name, container] of Object.entries(before.containers)) {
    const ended = container.run.is === "exited" ? container.run : undefined;
    const again = !ended || init.some((one) => one.name === name);
    containers[name] = {
      ...newContainer(container.nextAttempt),
      previous: again ? (ended ?? container.previous) : container.previous,
      run: again ? { is: "absent" } : ended,
    };
  }
  return { ...before, sandbox: { is: "idle" }, volumes: { is: "idle" }, containers };
}

function retryNow(before: Observation, now: number): Observation {
  const soon = <T>(step: Step<T>): Step<T> =>
    step.is === "failed" ? { ...step, failure: { ...step.failure, retryAt: now } } : step;
  const containers: Record<string, ContainerObservation> = {};
  for (const [name, container] of Object.entries(before.containers)) {
    containers[name] = container.failure
      ? { ...container, failure: { ...container.failure, retryAt: now } }
      : container;
  }
  return { ...before, volumes: soon(before.volumes), containers };
}

function failed<T>(step: Step<T>, reason: string, message: string, now: number): Step<T> {
  const failures = failuresOf(step) + 1;
  const retryAt = now + backOffMs(failures, limits.retryInitialMs, limits.retryMaximumMs);
  return { is: "failed", failure: { reason, message, failures, failedAt: now, retryAt } };
}

function pullFailed(
  step: Step<PresentImage>,
  reason: string,
  message: string,
  now: number,
): Step<PresentImage> {
  const failures = failuresOf(step) + 1;
  const retryAt = now + backOffMs(failures, limits.pullBackOffInitialMs, limits.pullBackOffMaximumMs);
  return { is: "failed", failure: { reason, message, failures, failedAt: now, retryAt } };
}

function failureAfter(
  before: Failure | undefined,
  fact: { readonly reason: string; readonly message: string },
  now: number,
): Failure {
  const failures = (before?.failures ?? 0) + 1;
  const retryAt = now + backOffMs(failures, limits.retryInitialMs, limits.retryMaximumMs);
  return { reason: fact.reason, message: fact.message, failures, failedAt: now, retryAt };
}

function failuresOf<T>(step: Step<T>): number {
  if (step.is === "failed") return step.failure.failures;
  return step.is === "busy" ? step.failures : 0;
}
