import { isPodTerminal } from "#api";
import { hasProcesses } from "../nodes/mod.ts";
import type { Checker } from "../runs/checker.ts";
import type { World } from "../runs/world.ts";

/** A pod is given one node, once; and what is bound does not disappear while it runs and nobody has asked it to end. */
export function bindings(world: World): Checker {
  const { fleet } = world.simulation;
  return {
    name: "bindings",
    onPod({ pod, previous, commit }) {
      if (!previous) return;
      const { name, namespace, uid = "" } = previous.metadata ?? {};
      const from = previous.spec?.nodeName;
      if (from === undefined) return;
      if (pod && pod.metadata?.uid === uid) {
        const to = pod.spec?.nodeName;
        if (to !== from)
          world.violate("bindings", `pod ${namespace}/${name} was bound to ${from}, then to ${to}`);
        return;
      }
      if (isPodTerminal(previous) || previous.metadata?.deletionTimestamp) return;
      // Taken out at once, without a word to its node: only where there is no node to tell.
      const node = fleet.nodes.get(from);
      const own = node?.pods.get(uid);
      if (!own || !hasProcesses(own.state)) return;
      const { user, verb } = commit.provenance;
      world.violate(
        "bindings",
        `pod ${namespace}/${name} ran on ${from} and was lost by a ${verb} of ${user}`,
      );
    },
  };
}
