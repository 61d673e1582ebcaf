import { type Container, type ContainerState, type ContainerStatus, isSidecar, type PodStatus } from "#api";

/** How far a pod is, as its init containers see it. */
export interface InitMoment {
  readonly phase: NonNullable<PodStatus["phase"]>;
  /** RFC 3339. They did their part when the pod came: it costs it no time. */
  readonly startTime: string;
  readonly now: string;
}

/** What a simulated node says of the init containers of a pod: they do their part at once, and sidecars run as long as the pod. Pure. */
export function initStatuses(containers: readonly Container[], moment: InitMoment): ContainerStatus[] {
  return containers.map((container) => {
    const { name, image = "" } = container;
    const state = isSidecar(container) ? sidecarState(moment) : initState(moment);
    const started = state.running !== undefined;
    return {
      name,
      image,
      imageID: image,
      ready: started || (state.terminated !== undefined && !isSidecar(container)),
      started,
      restartCount: 0,
      state,
      lastState: {},
    };
  });
}

function initState({ phase, startTime }: InitMoment): ContainerState {
  if (phase === "Pending") return waiting;
  return {
    terminated: { exitCode: 0, reason: "Completed", startedAt: startTime, finishedAt: startTime },
  };
}

function sidecarState({ phase, startTime, now }: InitMoment): ContainerState {
  if (phase === "Pending") return waiting;
  if (phase === "Running") return { running: { startedAt: startTime } };
  return { terminated: { exitCode: 0, reason: "Completed", startedAt: startTime, finishedAt: now } };
}

const waiting: ContainerState = { waiting: { reason: "PodInitializing" } };
