import { type BareContainers, bareContainers } from "../bare/containers.ts";
import { namespace } from "../cluster/bench-cluster.ts";
import type { PodsInput } from "../pods/client.ts";
import { measurement, type Row } from "../row.ts";

const count = 100;
const rounds = 2;

export const startPods: Row = {
  name: "start-100",
  what: "100 pods started on one node (runc)",
  unit: "s",
  better: "less",
  budget: 4.5,
  upstream: "8.8 podman, without network",
  bare: "runc from Node, 8 at a time: no network, no log, no API",
  async measure(context) {
    const { endpoint, machine, run } = await context.cluster();
    const input: PodsInput = { endpoint, namespace, count };
    const containers = await bareContainers(context, machine);
    const values: number[] = [];
    const node: number[] = [];
    for (let round = 0; round < rounds; round++) {
      node.push(await startBare(containers, round));
      values.push(await run<number>("pods/start-all.ts", input));
    }
    return measurement(values, node);
  },
};

async function startBare(containers: BareContainers, round: number): Promise<number> {
  const names = Array.from({ length: count }, (_, index) => `all-${round}-${index}`);
  const began = performance.now();
  await eightAtATime(names, containers.start);
  const seconds = (performance.now() - began) / 1000;
  await eightAtATime(names, containers.remove);
  return seconds;
}

async function eightAtATime(names: readonly string[], work: (name: string) => Promise<void>): Promise<void> {
  const left = names.values();
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      for (const name of left) await work(name);
    }),
  );
}
