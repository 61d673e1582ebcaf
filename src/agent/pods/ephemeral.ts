import type { Pod } from "#api";
import { containersOf } from "./containers.ts";
import type { Observation } from "./observation.ts";

/** An ephemeral container runs once: a run that is no longer to be found, whether or not somebody saw its end, was its last. Pure. */
export function withEndedEphemeral(pod: Pod, observation: Observation): Observation {
  const containers = { ...observation.containers };
  for (const { name } of containersOf(pod).ephemeral) {
    const own = containers[name];
    if (own?.run.is !== "absent" || !own.previous) continue;
    containers[name] = { ...own, run: own.previous, previous: undefined };
  }
  return { ...observation, containers };
}
