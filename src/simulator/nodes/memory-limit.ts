import { amountsOf, type Pod, podLimits } from "#api";

/** How much memory a pod may use before it is killed, in bytes: what the pod as a whole may, or its containers together where each has a limit. Pure. */
export function memoryLimit(pod: Pod): number | undefined {
  const { containers = [], resources } = pod.spec ?? {};
  const isLimited = (limits: Parameters<typeof amountsOf>[0]) => amountsOf(limits).memory !== undefined;
  const isWhole = isLimited(resources?.limits);
  if (!isWhole && !containers.every((container) => isLimited(container.resources?.limits))) return undefined;
  return podLimits(pod).memory;
}
