import { hasProcesses } from "../nodes/mod.ts";
import type { Checker } from "../runs/checker.ts";
import type { World } from "../runs/world.ts";

/** At most one pod of each StatefulSet's ordinal runs, on whatever nodes, whoever knows of it. */
export function ordinals(world: World): Checker {
  const { fleet } = world.simulation;
  return {
    name: "ordinals",
    onProcesses(node, started, is) {
      if (is !== "started") return;
      const { ownerReferences = [], name, namespace } = started.pod.metadata ?? {};
      if (!ownerReferences.some(({ kind, controller }) => controller && kind === "StatefulSet")) return;
      for (const other of fleet.nodes.values()) {
        for (const { pod, state, uid } of other.pods.values()) {
          if (uid === started.uid || pod.metadata?.name !== name || pod.metadata?.namespace !== namespace)
            continue;
          if (!hasProcesses(state)) continue;
          world.violate(
            "ordinals",
            `${namespace}/${name} runs twice: on ${other.name} (${state}) and on ${node.name}`,
          );
        }
      }
    },
  };
}
