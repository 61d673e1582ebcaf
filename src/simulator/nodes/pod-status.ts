import { type ContainerState, type Pod, type PodCondition, type PodStatus, qosClassOf } from "#api";
import { initStatuses } from "./init-status.ts";
import type { SimulatedPod } from "./simulated-pod.ts";

/** Where the pod runs, and when it is. */
export interface StatusContext {
  readonly hostAddress: string;
  readonly before: PodStatus | undefined;
  readonly nowMs: number;
}

/** What a simulated node says of a pod of its own. Pure. */
export function simulatedStatus(simulated: SimulatedPod, context: StatusContext): PodStatus {
  const { pod, address } = simulated;
  const { hostAddress, before, nowMs } = context;
  const phase = phaseOf(simulated);
  const isReady = simulated.state === "ready";
  const startTime = before?.startTime ?? timeOf(nowMs);
  const { containers = [], initContainers = [] } = pod.spec ?? {};
  const isInitialized = phase !== "Pending" || initContainers.length === 0;
  return {
    phase,
    conditions: conditionsOf({ phase, isReady, isInitialized }, context),
    startTime,
    qosClass: pod.status?.qosClass ?? qosClassOf(pod),
    hostIP: hostAddress,
    hostIPs: [{ ip: hostAddress }],
    podIP: address,
    podIPs: [{ ip: address }],
    ...(initContainers.length === 0
      ? {}
      : { initContainerStatuses: initStatuses(initContainers, { phase, startTime, now: timeOf(nowMs) }) }),
    containerStatuses: containers.map(({ name, image = "" }) => ({
      name,
      image,
      imageID: image,
      ready: isReady,
      started: simulated.startedAt !== undefined,
      restartCount: simulated.restarts,
      state: isInitialized ? stateOf(simulated, nowMs) : { waiting: { reason: "PodInitializing" } },
      lastState: {},
    })),
    ...(pod.metadata?.generation === undefined ? {} : { observedGeneration: pod.metadata.generation }),
  };
}

/** What a node says of a pod that it refuses. Pure. */
export function refusedStatus(
  pod: Pod,
  why: { reason: string; message: string },
  context: StatusContext,
): PodStatus {
  return {
    phase: "Failed",
    ...why,
    startTime: timeOf(context.nowMs),
    qosClass: pod.status?.qosClass ?? qosClassOf(pod),
    conditions: [],
  };
}

function phaseOf({ state, lastEnding, startedAt, restarts }: SimulatedPod): NonNullable<PodStatus["phase"]> {
  if (state === "ended") return lastEnding?.exitCode === 0 ? "Succeeded" : "Failed";
  return state === "starting" && startedAt === undefined && restarts === 0 ? "Pending" : "Running";
}

function stateOf({ state, startedAt, lastEnding }: SimulatedPod, nowMs: number): ContainerState {
  if (state === "starting") return { waiting: { reason: "ContainerCreating" } };
  if (state === "backingOff") return { waiting: { reason: "CrashLoopBackOff" } };
  const startedTime = startedAt === undefined ? {} : { startedAt: timeOf(startedAt) };
  if (state !== "ended") return { running: startedTime };
  const { exitCode = 137, reason = "Error" } = lastEnding ?? {};
  return { terminated: { exitCode, reason, ...startedTime, finishedAt: timeOf(nowMs) } };
}

function conditionsOf(
  seen: { phase: string; isReady: boolean; isInitialized: boolean },
  { before, nowMs }: StatusContext,
): PodCondition[] {
  const isOver = seen.phase === "Succeeded" || seen.phase === "Failed";
  const ready = {
    status: seen.isReady,
    ...(isOver ? { reason: "PodCompleted" } : seen.isReady ? {} : { reason: "ContainersNotReady" }),
  };
  const verdicts: Record<string, { status: boolean; reason?: string }> = {
    PodReadyToStartContainers: { status: !isOver },
    Initialized: seen.isInitialized
      ? { status: true }
      : { status: false, reason: "ContainersNotInitialized" },
    Ready: ready,
    ContainersReady: ready,
    PodScheduled: { status: true },
  };
  return Object.entries(verdicts).map(([type, { status, reason }]) => {
    const text = status ? "True" : "False";
    const old = before?.conditions?.find((condition) => condition.type === type);
    const since = old?.status === text ? old.lastTransitionTime : undefined;
    return { type, status: text, ...(reason ? { reason } : {}), lastTransitionTime: since ?? timeOf(nowMs) };
  });
}

function timeOf(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}
