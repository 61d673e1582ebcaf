import { addAmounts, isPodTerminal, type Pod, podRequests, type ResourceAmounts } from "#api";
import type { SimulatedNode } from "../nodes/mod.ts";
import type { Checker } from "../runs/checker.ts";
import type { World } from "../runs/world.ts";

/**
 * What runs on a node has asked for no more than it has to give. What is bound to it neither, as long as nothing is wrong: a
 * scheduler that cannot be told, or that took over from one whose last words were still on their way, may bind too much; the node refuses it then.
 */
export function capacity(world: World): Checker {
  const { fleet } = world.simulation;
  const bound = new Map<string, Map<string, Pod>>();
  const exceeded = (node: SimulatedNode, pods: Iterable<Pod>): string | undefined => {
    const total: ResourceAmounts = { pods: 0 };
    for (const pod of pods) addAmounts(total, { ...podRequests(pod), pods: 1 });
    for (const [resource, offered] of Object.entries(node.allocatable)) {
      const asked = total[resource] ?? 0;
      if (asked > offered) return `${resource}: ${asked} of ${offered}`;
    }
    return undefined;
  };
  return {
    name: "capacity",
    onPod({ pod, previous }) {
      const uid = (pod ?? previous)?.metadata?.uid ?? "";
      const name = (pod ?? previous)?.spec?.nodeName;
      const node = fleet.nodes.get(name ?? "");
      if (name === undefined || !node) return;
      const pods = bound.get(name) ?? new Map<string, Pod>();
      bound.set(name, pods);
      if (!pod || isPodTerminal(pod)) {
        pods.delete(uid);
        return;
      }
      const isNew = !pods.has(uid);
      pods.set(uid, pod);
      if (!isNew) return;
      const why = exceeded(node, pods.values());
      if (why === undefined) return;
      world.count("bound beyond what a node has");
      if (world.isCalm) world.violate("capacity", `more is bound to ${name} than it has: ${why}`);
    },
    onProcesses(node, _pod, is) {
      if (is !== "started") return;
      const running = [...node.pods.values()].filter(
        ({ state }) => state !== "ended" && state !== "backingOff",
      );
      const why = exceeded(
        node,
        running.map(({ pod }) => pod),
      );
      if (why !== undefined) world.violate("capacity", `more runs on ${node.name} than it has: ${why}`);
    },
  };
}
