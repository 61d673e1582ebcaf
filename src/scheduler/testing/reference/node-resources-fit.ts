import type { Node, Pod } from "#api";
import { type Amounts, amounts, assumedByScores, requestsOf, sum } from "./requests.ts";
import { forGood, type Rule, whileItIsFull } from "./rule.ts";
import { podsOn, type World } from "./world.ts";

/** Requests fit into what is left; scores as `LeastAllocated`: the emptier the better. */
export const nodeResourcesFit: Rule = {
  name: "NodeResourcesFit",
  refuses(pod, node, world) {
    const room = amounts(node.status?.allocatable);
    const used = requestedOn(node, world);
    const wanted = Object.entries(requestsOf(pod)).filter(([, amount]) => amount > 0);
    if (wanted.some(([name, amount]) => amount > (room[name] ?? 0))) return forGood;
    const isShort = wanted.some(([name, amount]) => amount > (room[name] ?? 0) - (used[name] ?? 0));
    const isCrowded = podsOn(node, world).length + 1 > (room.pods ?? 0);
    return isShort || isCrowded ? whileItIsFull : undefined;
  },
  score: (pod, feasible, world) =>
    feasible.map((node) => {
      const room = amounts(node.status?.allocatable);
      const used = sum(requestedOn(node, world, assumedByScores), requestsOf(pod, assumedByScores));
      const frees = ["cpu", "memory"]
        .filter((name) => (room[name] ?? 0) > 0)
        .map((name) => free(room[name] ?? 0, used[name] ?? 0));
      return frees.length === 0 ? 0 : Math.floor(frees.reduce((a, b) => a + b) / frees.length);
    }),
};

/** What all pods of the node ask for. */
export function requestedOn(node: Node, world: World, assumed: Amounts = {}): Amounts {
  return podsOn(node, world)
    .map((pod: Pod) => requestsOf(pod, assumed))
    .reduce(sum, {});
}

function free(room: number, used: number): number {
  return used > room ? 0 : Math.floor(((room - used) * 100) / room);
}
