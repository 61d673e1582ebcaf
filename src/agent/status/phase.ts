import type { Pod } from "#api";
import { containersOf, isSidecar, restarts } from "../pods/containers.ts";
import type { Observation } from "../pods/observation.ts";

export type Phase = "Pending" | "Running" | "Succeeded" | "Failed";

/** Nothing of it runs or will run again. */
export function isOver(seen: Observation): boolean {
  return seen.state === "Cleaning" || seen.state === "Finished" || seen.state === "Forgotten";
}

/** The pod's phase: a summary of its containers. Pure. */
export function phaseOf(pod: Pod, seen: Observation): Phase {
  const { init, main } = containersOf(pod);
  const runOf = (name: string) => seen.containers[name]?.run ?? { is: "absent" as const };
  if (isOver(seen)) {
    const succeeded = main.every((container) => {
      const run = runOf(container.name);
      return run.is === "exited" && run.exitCode === 0;
    });
    return succeeded && !seen.stop?.failed ? "Succeeded" : "Failed";
  }
  const runs = main.map((container) => runOf(container.name));
  const initialized = init.every((container) => {
    const own = seen.containers[container.name];
    if (isSidecar(container) || own?.passed) return own?.passed ?? false;
    return own?.run.is === "exited" && own.run.exitCode === 0;
  });
  if (!initialized && runs.every((run) => run.is === "absent")) return "Pending";
  if (runs.some((run) => run.is === "absent")) {
    return runs.some((run) => run.is === "running") ? "Running" : "Pending";
  }
  if (runs.some((run) => run.is === "running")) return "Running";
  const again = main.some((container, index) => {
    const run = runs[index];
    return run?.is === "exited" && restarts(pod, container, run.exitCode);
  });
  // All have ended: while sidecars are still being stopped the pod counts as running.
  return again || seen.state !== "Finished" ? "Running" : "Succeeded";
}
