import assert from "node:assert/strict";
import { test } from "node:test";
import { type Deployment, deployments, isPodReady, type Pod, pods } from "#api";
import { ordinary } from "./nodes/mod.ts";
import { Simulation } from "./simulation.ts";

/** Three nodes, and a deployment of five pods that is asked for at once. */
async function play(seed: number): Promise<{ hash: string; found: readonly Pod[] }> {
  const failures: string[] = [];
  const nodes = [1, 2, 3].map((index) => ({
    name: `node-${index}`,
    cpuMilli: 4_000,
    memoryBytes: 8 * 2 ** 30,
    storageBytes: 100 * 2 ** 30,
    podRange: `10.244.${index}.0/24`,
  }));
  const simulation = new Simulation({
    seed,
    nodes,
    behaviourOf: () => ordinary,
    onFailure: (message) => failures.push(message),
  });
  await simulation.start();
  const client = simulation.client("user");
  const labels = { app: "web" };
  const web: Deployment = {
    metadata: { name: "web" },
    spec: {
      replicas: 5,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: "web", image: "web:1" }] } },
    },
  };
  const made = client.resource(deployments, "default").create(web);
  await simulation.clock.run(60_000);
  await made;
  const listed = client.resource(pods, "default").list();
  await simulation.clock.run(1_000);
  assert.deepEqual(failures, []);
  return { hash: simulation.trace.hash, found: (await listed).items };
}

test("a deployment converges in virtual time: created, scheduled, started and ready", async () => {
  const { found } = await play(1);
  assert.equal(found.length, 5);
  assert.ok(found.every(isPodReady));
});

test("a seed plays the same run again, event by event; another seed another one", async () => {
  const first = await play(7);
  const again = await play(7);
  const other = await play(8);
  assert.equal(again.hash, first.hash);
  assert.notEqual(other.hash, first.hash);
});
