import { openPodsClient, restlessPod } from "./client.ts";

/** Creates all pods at once; prints the seconds until the last container runs. Removes them again. */
const client = await openPodsClient();
const names = Array.from({ length: client.input.count }, (_, index) => `all-${index}`);
const began = performance.now();
await Promise.all(names.map((name) => client.pods.create(restlessPod(name))));
await Promise.all(names.map((name) => client.running(name)));
const seconds = (performance.now() - began) / 1000;
await client.pods.deleteCollection({}, { gracePeriodSeconds: 0 });
await Promise.all(names.map((name) => client.gone(name)));
await client.close();
process.stdout.write(`${JSON.stringify(seconds)}\n`);
