import type { ContainerRuntime } from "#runtime";
import { limits } from "../limits.ts";
import { adoption } from "./container-spec.ts";

/**
 * Ends every container of a node whose agent has ended: each gets its stop signal and the grace of its pod, all at the same
 * time. Hooks are the agent's and do not run.
 */
export async function endAllContainers(runtime: ContainerRuntime): Promise<void> {
  const running = (await runtime.containers()).filter(({ state }) => state === "running");
  await Promise.all(
    running.map(({ id, annotations }) => {
      const graceMs = Number(annotations[adoption.graceMs] ?? limits.defaultGraceSeconds * 1000);
      return runtime.stopContainer(id, { graceMs });
    }),
  );
}
