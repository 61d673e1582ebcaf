import type { PodState } from "./life.ts";

/** All that a worker knows of its pod on this node. Immutable: facts make the next one (`facts.ts`). */
export interface Observation {
  readonly state: PodState;
  /** Milliseconds since the epoch: when the node first took the pod up. */
  readonly startedAt: number;
  readonly volumes: Step<true>;
  readonly sandbox: Step<SandboxFacts>;
  /** By container name; init containers and containers alike. */
  readonly containers: Readonly<Record<string, ContainerObservation>>;
  /** Set once the pod has to end. */
  readonly stop: Stop | undefined;
  readonly cleaning: Step<true>;
  /** Deleting the object from the API, once everything is gone here. */
  readonly removal: Step<true>;
  /** The object is no longer in the API. */
  readonly gone: boolean;
  /** The API holds the status of a pod that is over. */
  readonly reported: boolean;
}

/** Something that has to happen once, may fail, and is then tried again. */
export type Step<T> =
  | { readonly is: "idle" }
  | { readonly is: "busy"; readonly failures: number }
  | { readonly is: "done"; readonly value: T }
  | { readonly is: "failed"; readonly failure: Failure };

export interface Failure {
  /** In Kubernetes' words: `ErrImagePull`, `CreateContainerConfigError`. */
  readonly reason: string;
  readonly message: string;
  /** How often in a row. */
  readonly failures: number;
  readonly failedAt: number;
  readonly retryAt: number;
}

export interface SandboxFacts {
  /** The pod's own addresses, or the host's for a host-network pod. */
  readonly addresses: readonly string[];
}

export interface ContainerObservation {
  readonly image: Step<PresentImage>;
  readonly operation: Operation;
  readonly run: Run;
  /** The run before the current one: `lastState`. */
  readonly previous: ExitedRun | undefined;
  /** The attempt that the next start gets; the current run's is one less. */
  readonly nextAttempt: number;
  /** Why it could not be created, and when to try again. */
  readonly failure: Failure | undefined;
  readonly backOff: BackOff | undefined;
  /** Startup probe passed (or there is none) and the postStart hook has ended. */
  readonly started: boolean;
  readonly ready: boolean;
  /** An init container that later ones no longer wait for. */
  readonly passed: boolean;
  /** It has to end and, the restart policy permitting, start again. */
  readonly kill: Kill | undefined;
}

export type Operation =
  | { readonly is: "none" }
  | { readonly is: "starting" }
  /** Its postStart hook runs. */
  | { readonly is: "hooking" }
  /** `by`: when SIGKILL is due. */
  | { readonly is: "stopping"; readonly by: number };

export type Run = { readonly is: "absent" } | RunningRun | ExitedRun;

export interface RunningRun {
  readonly is: "running";
  readonly id: string;
  readonly attempt: number;
  readonly startedAt: number;
  readonly image: PresentImage;
}

export interface ExitedRun {
  readonly is: "exited";
  readonly id: string;
  readonly attempt: number;
  readonly startedAt: number;
  readonly finishedAt: number;
  readonly exitCode: number;
  readonly reason: string;
  readonly message: string;
  readonly image: PresentImage;
}

export interface PresentImage {
  /** As the pod names it. */
  readonly reference: string;
  /** Digest of the configuration: what runs. */
  readonly id: string;
  /** Full name, for `status.image`. */
  readonly name: string;
}

/** Crash back-off: how long to wait after an exit, and when it was last made longer. */
export interface BackOff {
  readonly delayMs: number;
  readonly updatedAt: number;
}

export interface Kill {
  readonly message: string;
  readonly graceMs: number;
}

export interface Stop {
  readonly cause: "deleted" | "completed" | "deadline" | "evicted" | "rejected" | "over";
  readonly requestedAt: number;
  readonly graceMs: number;
  /** For a pod that fails as a whole: `DeadlineExceeded`, `Evicted`, `OutOfcpu`. */
  readonly failed?: {
    readonly reason: string;
    readonly message: string;
    /** It is not the pod's own fault: controllers that count failures may leave it out. */
    readonly isDisruption?: true;
  };
}

/** Whether something of it runs, and is to go on. */
export function isUp({ stop, state }: Observation): boolean {
  return !stop && (state === "Running" || state === "Initializing");
}

export function newContainer(nextAttempt = 0): ContainerObservation {
  return {
    image: { is: "idle" },
    operation: { is: "none" },
    run: { is: "absent" },
    previous: undefined,
    nextAttempt,
    failure: undefined,
    backOff: undefined,
    started: false,
    ready: false,
    passed: false,
    kill: undefined,
  };
}

/** A pod of which nothing is here yet. */
export function newObservation(names: readonly string[], startedAt: number): Observation {
  return {
    state: "Preparing",
    startedAt,
    volumes: { is: "idle" },
    sandbox: { is: "idle" },
    containers: Object.fromEntries(names.map((name) => [name, newContainer()])),
    stop: undefined,
    cleaning: { is: "idle" },
    removal: { is: "idle" },
    gone: false,
    reported: false,
  };
}

/** The pod's addresses; none before it has a sandbox. */
export function addressesOf(observation: Observation): readonly string[] {
  return observation.sandbox.is === "done" ? observation.sandbox.value.addresses : [];
}

/** When SIGKILL is due for everything in the pod. */
export function stopBy(stop: Stop): number {
  return stop.requestedAt + stop.graceMs;
}
