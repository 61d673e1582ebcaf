import { deployments, jobs, type KubernetesObject, nodes, pods, type Resource, statefulSets } from "#api";
import { keyOf } from "#apiserver";
import { stillMoving } from "../runs/still-moving.ts";
import type { World } from "../runs/world.ts";

/** What is not yet as it was asked for, one line each; nothing when the cluster has come to rest. */
export function notAtRest(world: World): string[] {
  const all = <T extends KubernetesObject>(resource: Resource<T>): T[] => {
    const prefix = keyOf(resource, "");
    return [...world.history.entries]
      .filter(([key]) => key.startsWith(prefix))
      .map(([, entry]) => JSON.parse(Buffer.from(entry.value).toString()) as T);
  };
  const movables = {
    nodes: all(nodes),
    deployments: all(deployments),
    statefulSets: all(statefulSets),
    jobs: all(jobs),
    pods: all(pods),
  };
  return [...stillMoving(movables, { lost: new Set(), rests: "all" }), ...forgottenProcesses(world)];
}

/** What runs on nodes and should not, for the API knows nothing of it. */
function forgottenProcesses(world: World): string[] {
  const known = new Set(Array.from(world.pods, ({ metadata }) => metadata?.uid));
  return [...world.simulation.fleet.nodes.values()].flatMap((node) =>
    [...node.pods.values()]
      .filter(({ uid }) => !known.has(uid))
      .map(
        ({ pod, state }) =>
          `${node.name} still has ${pod.metadata?.name} (${state}), which is gone from the API`,
      ),
  );
}
