import { limits } from "./limits.ts";

/** How long a message waits after its failed `attempt`, where the subscriber does not say. */
export function retryDelayMs(attempt: number): number {
  const { retryDelaysMs } = limits;
  return retryDelaysMs[Math.min(attempt, retryDelaysMs.length) - 1] as number;
}
