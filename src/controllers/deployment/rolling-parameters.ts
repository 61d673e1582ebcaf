import { countOf, type Deployment } from "#api";

/** How far a rollout may leave the wanted size, in pods. */
export interface RollingParameters {
  readonly maxSurge: number;
  readonly maxUnavailable: number;
}

/**
 * Percentages become pods: surge rounded up, unavailable down; when both come out as zero one pod may be unavailable, or
 * the rollout could never move. Recreate has neither.
 */
export function rollingParameters(deployment: Deployment): RollingParameters {
  const strategy = deployment.spec?.strategy;
  if (strategy?.type === "Recreate") return { maxSurge: 0, maxUnavailable: 0 };
  const wanted = deployment.spec?.replicas ?? 1;
  const maxSurge = countOf(strategy?.rollingUpdate?.maxSurge ?? "25%", wanted, Math.ceil);
  const maxUnavailable = countOf(strategy?.rollingUpdate?.maxUnavailable ?? "25%", wanted, Math.floor);
  if (maxSurge === 0 && maxUnavailable === 0) return { maxSurge, maxUnavailable: 1 };
  return { maxSurge, maxUnavailable };
}

/** The unavailability that does not make the whole deployment unavailable. */
export function toleratedUnavailable(deployment: Deployment): number {
  const wanted = deployment.spec?.replicas ?? 1;
  if (deployment.spec?.strategy?.type === "Recreate" || wanted === 0) return 0;
  return Math.min(rollingParameters(deployment).maxUnavailable, wanted);
}
