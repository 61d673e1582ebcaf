import type { Container, ContainerState, ContainerStatus, Pod } from "#api";
import { containersOf, isEphemeral, isSidecar, restarts } from "../pods/containers.ts";
import type { ContainerObservation, ExitedRun, Observation } from "../pods/observation.ts";
import { rfc3339 } from "./time.ts";

/** Which runtime an id belongs to: `containerID: nacre://…`. */
export const runtimeName = "nacre";

/** The status of one container as the API shows it. Pure. */
export function containerStatus(pod: Pod, container: Container, seen: Observation): ContainerStatus {
  const own = seen.containers[container.name];
  const { run, previous } = own ?? { run: { is: "absent" } as const, previous: undefined };
  const waiting = own ? waitingState(pod, container, seen, own) : waitingFor("ContainerCreating");
  const state = waiting ?? stateOf(run);
  // The end of the last run shows as the state itself, or below a waiting state as the last one.
  const last = waiting && run.is === "exited" ? run : previous;
  const image = run.is === "absent" ? previous?.image : run.image;
  const id = run.is === "absent" ? previous?.id : run.id;
  const attempt = run.is === "absent" ? (previous?.attempt ?? 0) : run.attempt;
  return {
    name: container.name,
    image: image?.name ?? container.image ?? "",
    imageID: image?.id ?? "",
    ready: isReady(pod, container, own),
    restartCount: attempt,
    ...(isEphemeral(pod, container.name) ? {} : { started: run.is === "running" && (own?.started ?? false) }),
    state,
    lastState: last ? { terminated: terminated(last) } : {},
    ...(id ? { containerID: `${runtimeName}://${id}` } : {}),
  };
}

function stateOf(run: ContainerObservation["run"]): ContainerState {
  if (run.is === "running") return { running: { startedAt: rfc3339(run.startedAt) } };
  if (run.is === "exited") return { terminated: terminated(run) };
  return waitingFor("ContainerCreating");
}

/** Undefined when it runs, or has ended and is not held back from starting again. */
function waitingState(
  pod: Pod,
  container: Container,
  seen: Observation,
  own: ContainerObservation,
): ContainerState | undefined {
  const { run, image, failure } = own;
  if (run.is === "running") return undefined;
  if (seen.stop && run.is === "exited") return undefined;
  if (run.is === "exited" && !startsAgain(pod, container, run)) return undefined;
  if (failure && !seen.stop) return waitingFor(failure.reason, failure.message);
  if (image.is === "failed" && !seen.stop) return waitingFor(image.failure.reason, image.failure.message);
  if (run.is === "exited") {
    return run.reason === "StartError" ? waitingFor("RunContainerError", run.message) : undefined;
  }
  const { init } = containersOf(pod);
  return waitingFor(init.length > 0 ? "PodInitializing" : "ContainerCreating");
}

function startsAgain(pod: Pod, container: Container, run: ExitedRun): boolean {
  const { init } = containersOf(pod);
  if (init.includes(container) && !isSidecar(container) && run.exitCode === 0) return false;
  return restarts(pod, container, run.exitCode);
}

function waitingFor(reason: string, message?: string): ContainerState {
  return { waiting: { reason, ...(message ? { message } : {}) } };
}

function terminated(run: ExitedRun) {
  return {
    exitCode: run.exitCode,
    reason: run.reason,
    startedAt: rfc3339(run.startedAt),
    finishedAt: rfc3339(run.finishedAt),
    containerID: `${runtimeName}://${run.id}`,
    ...(run.message ? { message: run.message } : {}),
  };
}

/** A finished init container counts as ready. */
function isReady(pod: Pod, container: Container, own: ContainerObservation | undefined): boolean {
  // Nobody relies on an ephemeral container: Kubernetes never calls one ready.
  if (!own || isEphemeral(pod, container.name)) return false;
  if (containersOf(pod).init.includes(container) && !isSidecar(container)) {
    return own.run.is === "exited" && own.run.exitCode === 0;
  }
  return own.run.is === "running" && own.started && own.ready;
}
