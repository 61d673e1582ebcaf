import { queryObjects } from "node:v8";
import { Informer } from "#client";
import { ordinary } from "../nodes/mod.ts";
import { Simulation } from "../simulation.ts";

/*
 * Kills every part of a small cluster three times, starts it again, and prints how many informers were in memory before and are now. A program
 * of its own: others in the same process have informers, too.
 */
const simulation = new Simulation({
  seed: 1,
  nodes: [1, 2, 3].map((index) => ({
    name: `node-${index}`,
    cpuMilli: 4_000,
    memoryBytes: 8 * 2 ** 30,
    storageBytes: 100 * 2 ** 30,
    podRange: `10.244.${index}.0/24`,
  })),
  behaviourOf: () => ordinary,
  onFailure(message) {
    throw new Error(message);
  },
});
const { clock, controlPlane, controllers, schedulers, fleet } = simulation;
const tenMinutes = 10 * 60_000;
await simulation.start();
await clock.run(tenMinutes);
const counts = [queryObjects(Informer, { format: "count" })];
for (let round = 0; round < 3; round += 1) {
  for (const part of [...controllers, ...schedulers]) part.crash();
  for (const node of fleet.nodes.values()) node.crash();
  controlPlane.crash();
  await clock.run(1_000);
  await Promise.all([controlPlane.start(), clock.run(1_000)]);
  for (const part of [...controllers, ...schedulers]) part.start();
  for (const node of fleet.nodes.values()) node.boot();
  await clock.run(tenMinutes);
}
counts.push(queryObjects(Informer, { format: "count" }));
process.stdout.write(`informers before and after: ${counts.join(" ")}\n`);
