import { pods } from "#api";
import { createClient } from "#client";
import { httpsTransport } from "#client/node";
import { readInput } from "./client.ts";

/** Waits until so many pods of a namespace run; prints how many milliseconds that took. */
const { endpoint, namespace, count } = readInput();
const { host, port, authority, certificate, key } = endpoint;
const transport = httpsTransport({
  server: `https://${host}:${port}`,
  authority,
  credentials: { certificate, key },
});
const client = createClient({ transport, fieldManager: "bench" });
const began = performance.now();
const running = new Set<string>();
const batches = client.resource(pods, namespace).watchBatches({ omit: "managedFields" });
for await (const batch of batches) {
  for (const { object } of batch) {
    if (object.status?.phase === "Running") running.add(object.metadata?.name ?? "");
  }
  if (running.size >= count) break;
}
process.stdout.write(`${JSON.stringify(performance.now() - began)}\n`);
process.exit();
