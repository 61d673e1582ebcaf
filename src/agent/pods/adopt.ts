import type { ContainerStatus, Pod } from "#api";
import type { Host } from "#host";
import type { Container as RuntimeContainer, Sandbox } from "#runtime";
import { adoption } from "../containers/container-spec.ts";
import { exitedRun, imageOf } from "../containers/ended.ts";
import { statusOf } from "../status/statuses.ts";
import { containersOf, isSidecar } from "./containers.ts";
import { withEndedEphemeral } from "./ephemeral.ts";
import {
  type ContainerObservation,
  type ExitedRun,
  newContainer,
  newObservation,
  type Observation,
  type PresentImage,
  type Run,
} from "./observation.ts";

export interface Found {
  readonly sandbox: Sandbox | undefined;
  /** Those of this pod, in any order. */
  readonly containers: readonly RuntimeContainer[];
}

/**
 * What a new agent knows of a pod that an earlier one looked after: from the runtime what is there, from the API's
 * status what can no longer be seen. The pod begins in Preparing, whose steps find what already exists.
 */
export async function adopt(host: Host, pod: Pod, found: Found, now: number): Promise<Observation> {
  const { all, init, main } = containersOf(pod);
  const startTime = pod.status?.startTime ? Date.parse(pod.status.startTime) : now;
  const observation = newObservation(
    all.map((container) => container.name),
    startTime,
  );
  const ready = found.sandbox?.ready ?? false;
  const containers: Record<string, ContainerObservation> = {};
  for (const { name } of all) {
    const runs = found.containers.filter((one) => one.name === name).sort((a, b) => b.attempt - a.attempt);
    containers[name] = await adoptContainer(host, runs, statusOf(pod.status, name), ready, now);
  }
  const begun = main.some(({ name }) => containers[name]?.run.is !== "absent");
  for (const container of init) {
    const own = containers[container.name];
    if (!own || !ready) continue;
    const passed = begun || (isSidecar(container) && own.run.is === "running");
    containers[container.name] = { ...own, passed };
  }
  const adopted = withEndedEphemeral(pod, { ...observation, containers });
  return ready || !found.sandbox ? adopted : rerunsInit(pod, adopted);
}

/** What is known of a pod of which nothing is left here: what the API's status tells of its containers. Pure. */
export function recall(pod: Pod, observation: Observation, now: number): Observation {
  const containers = Object.keys(observation.containers).map((name) => [
    name,
    recallContainer(statusOf(pod.status, name), now),
  ]);
  return withEndedEphemeral(pod, { ...observation, containers: Object.fromEntries(containers) });
}

function recallContainer(status: ContainerStatus | undefined, now: number): ContainerObservation {
  return { ...newContainer(attemptsIn(status)), previous: lostRun(status, now) ?? previousIn(status) };
}

async function adoptContainer(
  host: Host,
  runs: readonly RuntimeContainer[],
  status: ContainerStatus | undefined,
  sandboxReady: boolean,
  now: number,
): Promise<ContainerObservation> {
  const [latest, before] = runs;
  if (!latest) return recallContainer(status, now);
  const next = Math.max(...runs.map((one) => one.attempt + 1), attemptsIn(status));
  const run = await runOf(host, latest, sandboxReady, now);
  const previous = before ? await exitedRun(host, before, now) : previousIn(status);
  const delayMs = Number(latest.annotations[adoption.backOffMs] ?? 0);
  const isRunning = run.is === "running";
  return {
    ...newContainer(next),
    run,
    previous,
    backOff: delayMs > 0 ? { delayMs, updatedAt: latest.createdAt } : undefined,
    started: isRunning && (status?.started ?? false),
    ready: isRunning && (status?.ready ?? false),
  };
}

async function runOf(
  host: Host,
  container: RuntimeContainer,
  sandboxReady: boolean,
  now: number,
): Promise<Run> {
  if (container.state !== "running" || !sandboxReady) return exitedRun(host, container, now);
  return {
    is: "running",
    id: container.id,
    attempt: container.attempt,
    startedAt: container.startedAt ?? container.createdAt,
    image: imageOf(container),
  };
}

/** With its sandbox gone, init containers have to run once more. */
function rerunsInit(pod: Pod, observation: Observation): Observation {
  const containers = { ...observation.containers };
  for (const { name } of containersOf(pod).init) {
    const own = containers[name];
    if (own?.run.is === "exited") containers[name] = { ...own, previous: own.run, run: { is: "absent" } };
  }
  return { ...observation, containers };
}

/** How many runs the API knows of. */
function attemptsIn(status: ContainerStatus | undefined): number {
  return status?.containerID ? (status.restartCount ?? 0) + 1 : 0;
}

/** A run that the API believes in and the runtime has forgotten: the machine, or the whole cluster, was stopped. */
function lostRun(status: ContainerStatus | undefined, now: number): ExitedRun | undefined {
  const running = status?.state?.running;
  if (!status || !running) return undefined;
  return {
    is: "exited",
    id: idIn(status.containerID),
    attempt: status.restartCount,
    startedAt: running.startedAt ? Date.parse(running.startedAt) : now,
    finishedAt: now,
    exitCode: 137,
    reason: "ContainerStatusUnknown",
    message: "The container could not be located when its pod was started again: it used to be running",
    image: imageIn(status),
  };
}

/** The last run as the API knows it, where the runtime has forgotten it. */
function previousIn(status: ContainerStatus | undefined): ExitedRun | undefined {
  const ended = status?.state?.terminated ?? status?.lastState?.terminated;
  if (!status || !ended?.finishedAt) return undefined;
  return {
    is: "exited",
    id: idIn(ended.containerID),
    attempt: status.state?.terminated ? status.restartCount : Math.max(status.restartCount - 1, 0),
    startedAt: Date.parse(ended.startedAt ?? ended.finishedAt),
    finishedAt: Date.parse(ended.finishedAt),
    exitCode: ended.exitCode,
    reason: ended.reason ?? "Error",
    message: ended.message ?? "",
    image: imageIn(status),
  };
}

/** Without the runtime's name before it. */
function idIn(containerId: string | undefined): string {
  return (containerId ?? "").replace(/^.*:\/\//, "");
}

function imageIn({ image, imageID }: ContainerStatus): PresentImage {
  return { reference: image, id: imageID, name: image };
}
