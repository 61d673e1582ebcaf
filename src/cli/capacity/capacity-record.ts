import type { Capacity, NodeCapacity, Share } from "./capacity.ts";

/** What a program gets: plain numbers in whole units, cores and bytes, so that they can be compared and added up. */
export function capacityRecord({ nodes, total, waiting, bursting }: Capacity): object {
  return {
    nodes: nodes.map(({ machine, resources, ...node }: NodeCapacity) => ({
      ...node,
      resources: sharesOf(resources),
      ...(machine ? { machine: wholeUnits(machine) } : {}),
    })),
    total: sharesOf(total),
    waiting: { ...waiting, requested: wholeUnits(waiting.requested) },
    bursting: bursting.map(({ cpu, ...pod }) => ({ ...pod, ...(cpu ? { cpu: inCores(cpu) } : {}) })),
  };
}

function sharesOf(shares: Readonly<Record<string, Share>>): object {
  return Object.fromEntries(
    Object.entries(shares).map(([name, { withoutLimit, ...share }]) => [
      name,
      { ...(name === "cpu" ? inCores(share) : share), withoutLimit },
    ]),
  );
}

function wholeUnits({
  cpu,
  ...others
}: Readonly<{ cpu?: number; [resource: string]: number | undefined }>): object {
  return { ...(cpu === undefined ? {} : { cpu: cpu / 1000 }), ...others };
}

/** Every number, from thousandths of a core. */
function inCores(amounts: object): object {
  return Object.fromEntries(
    Object.entries(amounts).map(([name, amount]) => [
      name,
      typeof amount === "number" ? amount / 1000 : amount,
    ]),
  );
}
