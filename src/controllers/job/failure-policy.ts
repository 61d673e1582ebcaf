import type { ContainerStatus, Job, Pod, PodFailurePolicyOnExitCodesRequirement } from "#api";

/** What a pod's failure means. */
export interface FailureVerdict {
  readonly action: "FailJob" | "FailIndex" | "Count" | "Ignore";
  /** With `FailJob`: which rule, for people. */
  readonly message: string;
}

/** The first rule of the job's policy that matches decides; a failure that none matches counts. */
export function failureVerdict({ spec }: Job, pod: Pod): FailureVerdict {
  for (const [at, rule] of (spec?.podFailurePolicy?.rules ?? []).entries()) {
    const action = rule.action as FailureVerdict["action"];
    const why =
      (rule.onExitCodes && byExitCode(pod, rule.onExitCodes)) ?? byCondition(pod, rule.onPodConditions);
    if (why !== undefined) return { action, message: `${why} matching ${action} rule at index ${at}` };
  }
  return { action: "Count", message: "" };
}

function byExitCode(pod: Pod, rule: PodFailurePolicyOnExitCodesRequirement): string | undefined {
  const { containerStatuses = [], initContainerStatuses = [] } = pod.status ?? {};
  const matching = [...containerStatuses, ...initContainerStatuses].find((status) => matches(status, rule));
  if (!matching) return undefined;
  const exitCode = matching.state?.terminated?.exitCode;
  return `Container ${matching.name} for pod ${nameOf(pod)} failed with exit code ${exitCode}`;
}

/** Containers that ended well are nobody's failure. */
function matches(
  { name, state }: ContainerStatus,
  { containerName, operator, values }: PodFailurePolicyOnExitCodesRequirement,
): boolean {
  const exitCode = state?.terminated?.exitCode;
  if (!exitCode || (containerName !== undefined && containerName !== name)) return false;
  return values.includes(exitCode) === (operator === "In");
}

function byCondition(
  pod: Pod,
  patterns: readonly { readonly type: string; readonly status?: string }[] | undefined,
): string | undefined {
  const condition = pod.status?.conditions?.find((one) =>
    patterns?.some(({ type, status = "True" }) => one.type === type && one.status === status),
  );
  return condition && `Pod ${nameOf(pod)} has condition ${condition.type}`;
}

function nameOf({ metadata }: Pod): string {
  return `${metadata?.namespace}/${metadata?.name}`;
}
