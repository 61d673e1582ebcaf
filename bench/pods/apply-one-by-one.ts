import { openPodsClient, restlessPod } from "./client.ts";

/** Applies pods one after the other; prints the milliseconds from each request to the event that says its container runs. */
const client = await openPodsClient();
const latencies: number[] = [];
for (let index = 0; index < client.input.count; index++) {
  const name = `one-${index}`;
  const began = performance.now();
  await client.pods.apply(restlessPod(name), { fieldManager: "bench" });
  await client.running(name);
  latencies.push(performance.now() - began);
  await client.pods.delete(name, { gracePeriodSeconds: 0 });
  await client.gone(name);
}
await client.close();
process.stdout.write(`${JSON.stringify(latencies)}\n`);
