import type { ContainerStatus, Pod } from "../../generated/types.ts";
import { isPodTerminal, isSidecar, podCondition } from "../../pod/conditions.ts";
import { age } from "../../table/age.ts";
import type { TableColumns } from "../../table/columns.ts";
import { ageColumn, column, nameColumn, wideColumn } from "../../table/name-and-age.ts";

export const podColumns: TableColumns<Pod> = {
  columns: [
    nameColumn(),
    column("Ready", "How many of its containers are ready."),
    column("Status", "What it does, or why it does not."),
    column("Restarts", "How often its containers were restarted, and when last."),
    ageColumn(),
    wideColumn("IP", "Its address in the cluster."),
    wideColumn("Node", "Where it runs."),
    wideColumn("Nominated Node", "Where the scheduler makes room for it."),
    wideColumn("Readiness Gates", "How many of its extra conditions are met."),
  ],
  row(pod, nowMs) {
    const summary = summarizePod(pod);
    const restarts =
      summary.restarts > 0 && summary.lastRestart
        ? `${summary.restarts} (${age(summary.lastRestart, nowMs)} ago)`
        : String(summary.restarts);
    return [
      pod.metadata?.name ?? "",
      `${summary.ready}/${summary.total}`,
      summary.status,
      restarts,
      age(pod.metadata?.creationTimestamp, nowMs),
      pod.status?.podIPs?.[0]?.ip || pod.status?.podIP || "<none>",
      pod.spec?.nodeName || "<none>",
      pod.status?.nominatedNodeName || "<none>",
      readinessGates(pod),
    ];
  },
};

/** A pod in one word and three numbers. */
export interface PodSummary {
  /** `Running`, `CrashLoopBackOff`, `Init:0/1`, `Terminating`, … */
  readonly status: string;
  readonly ready: number;
  readonly total: number;
  readonly restarts: number;
  /** When a container last ended before being restarted; RFC 3339. */
  readonly lastRestart: string | undefined;
}

export function summarizePod(pod: Pod): PodSummary {
  const sidecars = new Set<string>();
  for (const container of pod.spec?.initContainers ?? [])
    if (isSidecar(container)) sidecars.add(container.name);
  const init = summarizeInit(pod, sidecars);
  const total = (pod.spec?.containers?.length ?? 0) + sidecars.size;
  const phase = statusByPod(pod);
  if (init.status !== undefined && podCondition(pod, "Initialized")?.status !== "True") {
    return { ...init.all, status: overridden(pod, init.status), ready: init.ready, total };
  }
  const main = summarizeMain(pod, init.status ?? phase);
  return {
    status: overridden(pod, main.status),
    ready: init.ready + main.ready,
    total,
    restarts: init.ofSidecars.restarts + main.restarts,
    lastRestart: later(init.ofSidecars.lastRestart, main.lastRestart),
  };
}

interface Restarts {
  readonly restarts: number;
  readonly lastRestart: string | undefined;
}

/** Init containers up to the first that has not done its part. `status` is set while they hold the pod up. */
function summarizeInit(pod: Pod, sidecars: ReadonlySet<string>) {
  let all: Restarts = { restarts: 0, lastRestart: undefined };
  let ofSidecars: Restarts = all;
  let ready = 0;
  const count = pod.spec?.initContainers?.length ?? 0;
  for (const [index, status] of (pod.status?.initContainerStatuses ?? []).entries()) {
    all = plusRestarts(all, status);
    if (sidecars.has(status.name)) ofSidecars = plusRestarts(ofSidecars, status);
    if (status.state?.terminated?.exitCode === 0) continue;
    if (sidecars.has(status.name) && status.started) {
      if (status.ready) ready++;
      continue;
    }
    return { all, ofSidecars, ready, status: `Init:${initReason(status) ?? `${index}/${count}`}` };
  }
  return { all, ofSidecars, ready, status: undefined };
}

function initReason(status: ContainerStatus): string | undefined {
  const terminated = status.state?.terminated;
  if (terminated) return terminatedReason(terminated);
  const waiting = status.state?.waiting?.reason;
  return waiting && waiting !== "PodInitializing" ? waiting : undefined;
}

/** The first container's trouble names the pod's. */
function summarizeMain(pod: Pod, initial: string) {
  let status = initial;
  let ready = 0;
  let restarts: Restarts = { restarts: 0, lastRestart: undefined };
  let isRunning = false;
  for (const container of [...(pod.status?.containerStatuses ?? [])].reverse()) {
    restarts = plusRestarts(restarts, container);
    const { waiting, terminated, running } = container.state ?? {};
    if (waiting?.reason) status = waiting.reason;
    else if (terminated) status = terminatedReason(terminated);
    else if (container.ready && running) {
      isRunning = true;
      ready++;
    }
  }
  if (status === "Completed" && isRunning) {
    status = podCondition(pod, "Ready")?.status === "True" ? "Running" : "NotReady";
  }
  return { status, ready, ...restarts };
}

function terminatedReason(terminated: { reason?: string; signal?: number; exitCode?: number }): string {
  if (terminated.reason) return terminated.reason;
  return terminated.signal ? `Signal:${terminated.signal}` : `ExitCode:${terminated.exitCode ?? 0}`;
}

function statusByPod(pod: Pod): string {
  const scheduled = podCondition(pod, "PodScheduled");
  if (scheduled?.reason === "SchedulingGated") return "SchedulingGated";
  return pod.status?.reason || pod.status?.phase || "Unknown";
}

function overridden(pod: Pod, status: string): string {
  if (pod.metadata?.deletionTimestamp === undefined) return status;
  if (pod.status?.reason === "NodeLost") return "Unknown";
  return isPodTerminal(pod) ? status : "Terminating";
}

function plusRestarts(sum: Restarts, status: ContainerStatus): Restarts {
  return {
    restarts: sum.restarts + (status.restartCount ?? 0),
    lastRestart: later(sum.lastRestart, status.lastState?.terminated?.finishedAt),
  };
}

function later(a: string | undefined, b: string | undefined): string | undefined {
  if (!a) return b;
  if (!b) return a;
  return Date.parse(a) < Date.parse(b) ? b : a;
}

function readinessGates(pod: Pod): string {
  const gates = pod.spec?.readinessGates ?? [];
  if (gates.length === 0) return "<none>";
  const met = gates.filter((gate) => podCondition(pod, gate.conditionType)?.status === "True");
  return `${met.length}/${gates.length}`;
}
