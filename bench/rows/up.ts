import type { Context } from "../context.ts";
import { type Measurement, measurement, type Row } from "../row.ts";

const bare = "starting a Node that does nothing";

export const upFirst: Row = {
  name: "up-first",
  what: "nacre up to node Ready, first start",
  unit: "s",
  better: "less",
  budget: 1.5,
  upstream: "3.3 API server + etcd alone",
  bare,
  measure: async (context) => (await starts(context)).first,
};

export const upWarm: Row = {
  name: "up-warm",
  what: "nacre up to node Ready, warm start",
  unit: "s",
  better: "less",
  budget: 1,
  upstream: "",
  bare,
  measure: async (context) => (await starts(context)).warm,
};

/** The command as people type it, from its start to its end: it ends when the node is ready. */
function starts(context: Context): Promise<{ first: Measurement; warm: Measurement }> {
  return context.once("starts", async () => {
    const first: number[] = [];
    const warm: number[] = [];
    const node: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const machine = await context.machine();
      node.push(await seconds(() => machine.run(process.execPath, ["-e", "0"])));
      first.push(await seconds(() => machine.up()));
      await machine.nacre("down");
      warm.push(await seconds(() => machine.up()));
      await machine.remove();
    }
    return { first: measurement(first, node), warm: measurement(warm, node) };
  });
}

const rounds = 3;

async function seconds(run: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await run();
  return (performance.now() - began) / 1000;
}
