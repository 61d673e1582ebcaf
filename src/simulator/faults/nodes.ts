import type { Random } from "#base";
import type { SimulatedNode } from "../nodes/mod.ts";
import type { World } from "../runs/world.ts";
import { between, happens, pick, type Range } from "../time/seeds.ts";
import type { Fault } from "./fault.ts";

const minute = 60_000;

/** A node loses its power, for long enough that its pods are given up, or not. */
export const nodeCrash: Fault = {
  kind: "node-crash",
  weight: 3,
  begin: (world, random) => powerCut(world, random, "node-crash", [0.5 * minute, 12 * minute]),
};

/** A node starts anew: away before anybody notices. */
export const nodeReboot: Fault = {
  kind: "node-reboot",
  weight: 3,
  begin: (world, random) => powerCut(world, random, "node-reboot", [5_000, 40_000]),
};

/** A node's agent stands still while its pods run on. */
export const nodeHang: Fault = {
  kind: "node-hang",
  weight: 2,
  begin(world, random) {
    const node = pick(random, nodesThatAreOn(world));
    const clock = node && world.simulation.nodeClocks.get(node.name);
    if (!clock?.isRunning) return undefined;
    clock.pause();
    return {
      words: `node-hang ${node?.name}`,
      forMs: between(random, [10_000, 8 * minute]),
      end: () => clock.resume(),
    };
  },
};

/** On one node everything takes longer: a disk that dies slowly, a noisy neighbour. */
export const nodeSlow: Fault = {
  kind: "node-slow",
  weight: 2,
  begin(world, random) {
    const node = pick(random, nodesThatAreOn(world));
    if (node?.slowness !== 1) return undefined;
    node.slowness = between(random, [2, 20]);
    return {
      words: `node-slow ${node.name} × ${node.slowness.toFixed(1)}`,
      forMs: between(random, [minute, 10 * minute]),
      end: () => {
        node.slowness = 1;
      },
    };
  },
};

/** All nodes of a zone lose their power, or the way to the rest. */
export const zoneLoss: Fault = {
  kind: "zone-loss",
  weight: 1,
  begin(world, random) {
    const zones = [
      ...new Set(Array.from(world.simulation.fleet.nodes.values(), ({ shape }) => shape.zone ?? "")),
    ];
    const zone = pick(random, zones);
    const lost = nodesThatAreOn(world).filter(({ shape }) => (shape.zone ?? "") === zone);
    if (lost.length === 0) return undefined;
    const forMs = between(random, [minute, 8 * minute]);
    const { network } = world.simulation;
    if (happens(random, 0.5)) {
      for (const node of lost) node.crash();
      return { words: `zone-loss ${zone} (power)`, forMs, end: () => switchOn(lost) };
    }
    for (const { name } of lost) network.cut(name);
    return {
      words: `zone-loss ${zone} (network)`,
      forMs,
      end: () => {
        for (const { name } of lost) network.heal(name);
      },
    };
  },
};

function powerCut(world: World, random: Random, kind: string, range: Range) {
  const node = pick(random, nodesThatAreOn(world));
  if (!node) return undefined;
  node.crash();
  return { words: `${kind} ${node.name}`, forMs: between(random, range), end: () => switchOn([node]) };
}

function switchOn(nodes: readonly SimulatedNode[]): void {
  for (const node of nodes) node.boot();
}

function nodesThatAreOn(world: World): SimulatedNode[] {
  return [...world.simulation.fleet.nodes.values()].filter(({ isOn }) => isOn);
}
