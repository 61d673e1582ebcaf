import type { Deployment, DeploymentCondition, DeploymentStatus, ReplicaSet } from "#api";
import { conditionOf, withoutCondition } from "../shared/condition.ts";
import { allOf, type ReplicaSets } from "./replica-sets.ts";
import { toleratedUnavailable } from "./rolling-parameters.ts";
import { countsOf, isComplete, isNearer } from "./status.ts";

export interface Progress {
  readonly status: DeploymentStatus;
  /** When the progress deadline passes, in milliseconds from now; undefined when nothing waits for it. */
  readonly requeueAfterMs: number | undefined;
}

/**
 * The status with its conditions. `Progressing` is the one that people wait on:
 *
 *     ReplicaSetUpdated ──complete──► NewReplicaSetAvailable ──new template──► ReplicaSetUpdated
 *            │ no progress for progressDeadlineSeconds
 *            ▼
 *     ProgressDeadlineExceeded ──progress──► ReplicaSetUpdated            paused: DeploymentPaused, then DeploymentResumed
 */
export function progressOf(deployment: Deployment, sets: ReplicaSets, nowMs: number): Progress {
  const now = `${new Date(nowMs).toISOString().slice(0, 19)}Z`;
  const counts = countsOf(deployment, sets);
  const before = deployment.status?.conditions ?? [];
  const isAvailable =
    (counts.availableReplicas ?? 0) >= (deployment.spec?.replicas ?? 1) - toleratedUnavailable(deployment);
  let conditions = changed(before, isAvailable ? available : unavailable, now);
  const next = progressing(deployment, sets, counts, nowMs);
  if (next === "none") conditions = withoutCondition(conditions, "Progressing");
  else if (next) conditions = changed(conditions, next.condition, now, next.isTouched);
  const failure = allOf(sets).flatMap(
    (set) => conditionOf(set.status?.conditions, "ReplicaFailure") ?? [],
  )[0];
  conditions = failure
    ? changed(conditions, { ...failure }, now)
    : withoutCondition(conditions, "ReplicaFailure");
  return {
    status: { ...counts, conditions },
    requeueAfterMs: deadlineMs(deployment, counts, conditionOf(conditions, "Progressing"), nowMs),
  };
}

const available: DeploymentCondition = {
  type: "Available",
  status: "True",
  reason: "MinimumReplicasAvailable",
  message: "Deployment has minimum availability.",
};

const unavailable: DeploymentCondition = {
  type: "Available",
  status: "False",
  reason: "MinimumReplicasUnavailable",
  message: "Deployment does not have minimum availability.",
};

interface ProgressChange {
  readonly condition: DeploymentCondition;
  /** True when progress was made, so that the deadline starts again even if the words stay the same. */
  readonly isTouched?: boolean;
}

/** Kubernetes takes the largest 32-bit integer for "no deadline". */
const noDeadline = 2_147_483_647;

/** What becomes of `Progressing`; undefined when it stays. */
function progressing(
  deployment: Deployment,
  sets: ReplicaSets,
  counts: DeploymentStatus,
  nowMs: number,
): ProgressChange | "none" | undefined {
  if (deadlineSeconds(deployment) === undefined) return "none";
  const last = conditionOf(deployment.status?.conditions, "Progressing");
  if (deployment.spec?.paused) {
    if (last?.reason === "ProgressDeadlineExceeded") return undefined;
    return says("Unknown", "DeploymentPaused", "Deployment is paused");
  }
  if (last?.reason === "DeploymentPaused") {
    return says("Unknown", "DeploymentResumed", "Deployment is resumed");
  }
  const { current } = sets;
  const subject = current
    ? `ReplicaSet "${current.metadata?.name}"`
    : `Deployment "${deployment.metadata?.name}"`;
  // A rollout that was complete stays so while its pods come and go, until there is another version.
  const wasComplete = last?.reason === "NewReplicaSetAvailable" && counts.replicas === counts.updatedReplicas;
  if (wasComplete && isCurrentRollout(last, current)) return undefined;
  if (isComplete(deployment, counts)) {
    return says("True", "NewReplicaSetAvailable", `${subject} has successfully progressed.`);
  }
  if (isNearer(counts, deployment.status ?? {}) || !last || !isCurrentRollout(last, current)) {
    const made = says("True", "ReplicaSetUpdated", `${subject} is progressing.`);
    return { ...made, isTouched: true };
  }
  if (isTimedOut(deployment, last, nowMs)) {
    return says("False", "ProgressDeadlineExceeded", `${subject} has timed out progressing.`);
  }
  return undefined;
}

/** A message that names another set speaks of an earlier rollout. */
function isCurrentRollout(last: DeploymentCondition, current: ReplicaSet | undefined): boolean {
  const named = /^ReplicaSet "([^"]*)"/.exec(last.message ?? "")?.[1];
  return named === undefined ? last.reason !== "NewReplicaSetAvailable" : named === current?.metadata?.name;
}

function says(status: string, reason: string, message: string): ProgressChange {
  return { condition: { type: "Progressing", status, reason, message } };
}

function isTimedOut(deployment: Deployment, last: DeploymentCondition, nowMs: number): boolean {
  if (last.reason === "NewReplicaSetAvailable") return false;
  if (last.reason === "ProgressDeadlineExceeded") return true;
  const sinceMs = Date.parse(last.lastUpdateTime ?? "");
  return sinceMs + (deadlineSeconds(deployment) ?? noDeadline) * 1000 <= nowMs;
}

function deadlineMs(
  deployment: Deployment,
  counts: DeploymentStatus,
  condition: DeploymentCondition | undefined,
  nowMs: number,
): number | undefined {
  const seconds = deadlineSeconds(deployment);
  if (seconds === undefined || !condition || deployment.spec?.paused || isComplete(deployment, counts)) {
    return undefined;
  }
  if (condition.reason === "ProgressDeadlineExceeded" || condition.reason === "NewReplicaSetAvailable") {
    return undefined;
  }
  return Math.max(1, Date.parse(condition.lastUpdateTime ?? "") + seconds * 1000 - nowMs);
}

function deadlineSeconds(deployment: Deployment): number | undefined {
  const seconds = deployment.spec?.progressDeadlineSeconds ?? noDeadline;
  return seconds === noDeadline ? undefined : seconds;
}

/** As `withCondition`, with the time of the last update that only deployments have. */
function changed(
  conditions: readonly DeploymentCondition[],
  next: DeploymentCondition,
  now: string,
  isTouched = false,
): DeploymentCondition[] {
  const old = conditionOf(conditions, next.type);
  const isSame = old?.status === next.status && old.reason === next.reason;
  if (old && isSame && !isTouched) return [...conditions];
  const since = old?.status === next.status ? (old.lastTransitionTime ?? now) : now;
  const written = { ...next, lastUpdateTime: now, lastTransitionTime: since };
  return [...withoutCondition(conditions, next.type), written].sort((a, b) => (a.type < b.type ? -1 : 1));
}
