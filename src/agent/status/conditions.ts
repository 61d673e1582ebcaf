import type { Pod, PodCondition } from "#api";
import { containersOf, isSidecar } from "../pods/containers.ts";
import type { Observation } from "../pods/observation.ts";
import type { Phase } from "./phase.ts";
import { rfc3339 } from "./time.ts";

/** The condition types that the node writes. All others belong to somebody else and are left alone. */
export const ownConditions: readonly string[] = [
  "PodReadyToStartContainers",
  "Initialized",
  "Ready",
  "ContainersReady",
  "PodScheduled",
];

interface Verdict {
  readonly status: "True" | "False";
  readonly reason?: string;
  readonly message?: string;
}

/** The pod's conditions; one that did not change keeps its transition time. Pure. */
export function podConditions(
  pod: Pod,
  seen: Observation,
  phase: Phase,
  before: readonly PodCondition[],
  now: number,
): PodCondition[] {
  const containersReady = allReady(pod, seen, phase);
  const verdicts: Record<string, Verdict> = {
    PodReadyToStartContainers: { status: hasSandbox(seen) ? "True" : "False" },
    Initialized: initialized(pod, seen, phase),
    Ready: withGates(pod, containersReady, before),
    ContainersReady: containersReady,
    PodScheduled: { status: "True" },
  };
  const generation = pod.metadata?.generation;
  return ownConditions.map((type) => {
    const verdict = verdicts[type] as Verdict;
    const old = before.find((condition) => condition.type === type);
    const same = old?.status === verdict.status;
    return {
      type,
      ...verdict,
      lastTransitionTime: (same ? old?.lastTransitionTime : undefined) ?? rfc3339(now),
      ...(generation === undefined ? {} : { observedGeneration: generation }),
    };
  });
}

/** Says of a pod that its node had to end it: `DisruptionTarget`. */
export function disruptionCondition(
  { stop }: Observation,
  before: readonly PodCondition[],
  now: number,
): PodCondition[] {
  if (!stop?.failed?.isDisruption) return [];
  const type = "DisruptionTarget";
  const old = before.find((condition) => condition.type === type && condition.status === "True");
  const { message } = stop.failed;
  const lastTransitionTime = old?.lastTransitionTime ?? rfc3339(now);
  return [{ type, status: "True", reason: "TerminationByKubelet", message, lastTransitionTime }];
}

function hasSandbox(seen: Observation): boolean {
  return seen.sandbox.is === "done" && seen.state !== "Finished" && seen.state !== "Forgotten";
}

function initialized(pod: Pod, seen: Observation, phase: Phase): Verdict {
  if (phase === "Succeeded") return { status: "True", reason: "PodCompleted" };
  const unfinished = containersOf(pod).init.filter((container) => {
    const own = seen.containers[container.name];
    if (isSidecar(container) || own?.passed) return !own?.passed;
    return !(own?.run.is === "exited" && own.run.exitCode === 0);
  });
  if (unfinished.length === 0) return { status: "True" };
  return {
    status: "False",
    reason: "ContainersNotInitialized",
    message: `containers with incomplete status: ${listed(unfinished)}`,
  };
}

function allReady(pod: Pod, seen: Observation, phase: Phase): Verdict {
  if (phase === "Succeeded") return { status: "False", reason: "PodCompleted" };
  if (phase === "Failed") return { status: "False", reason: "PodFailed" };
  const { main, sidecars } = containersOf(pod);
  const unready = [...sidecars, ...main].filter((container) => {
    const own = seen.containers[container.name];
    return !(own?.run.is === "running" && own.started && own.ready);
  });
  if (unready.length === 0) return { status: "True" };
  return {
    status: "False",
    reason: "ContainersNotReady",
    message: `containers with unready status: ${listed(unready)}`,
  };
}

/** Readiness gates: conditions that somebody else has to make true. */
function withGates(pod: Pod, containers: Verdict, before: readonly PodCondition[]): Verdict {
  if (containers.status === "False") return containers;
  const missing = (pod.spec?.readinessGates ?? []).filter((gate) => {
    const condition = [...before, ...(pod.status?.conditions ?? [])].find(
      (one) => one.type === gate.conditionType,
    );
    return condition?.status !== "True";
  });
  if (missing.length === 0) return containers;
  const messages = missing.map(
    (gate) =>
      `corresponding condition of pod readiness gate "${gate.conditionType}" does not exist or is not true.`,
  );
  return { status: "False", reason: "ReadinessGatesNotReady", message: messages.join(", ") };
}

function listed(containers: readonly { readonly name: string }[]): string {
  return `[${containers.map((container) => container.name).join(" ")}]`;
}
