import { pods } from "#api";
import { createClient } from "#client";
import { httpsTransport } from "#client/node";
import { readInput } from "./client.ts";

/**
 * Waits until all pods of a namespace run that are there when it begins; prints how many milliseconds that took. Only of those that do not run
 * yet is anything heard: to tell of a hundred thousand that do would take part of what is measured.
 */
const { endpoint, namespace } = readInput();
const { host, port, authority, certificate, key } = endpoint;
const transport = httpsTransport({
  server: `https://${host}:${port}`,
  authority,
  credentials: { certificate, key },
});
const began = performance.now();
const waiting = createClient({ transport, fieldManager: "bench" }).resource(pods, namespace);
const selection = { fieldSelector: "status.phase!=Running" };
const { items, metadata } = await waiting.list(selection);
const left = new Set(items.map((pod) => pod.metadata?.name));
const since = { resourceVersion: metadata?.resourceVersion ?? "", omit: "managedFields" } as const;
if (left.size > 0) {
  for await (const { type, object } of waiting.watch({ ...selection, ...since })) {
    if (type === "DELETED") left.delete(object.metadata?.name);
    if (left.size === 0) break;
  }
  if (left.size > 0) throw new Error(`the watch ended while ${left.size} pods did not run yet`);
}
process.stdout.write(`${JSON.stringify(performance.now() - began)}\n`);
process.exit();
