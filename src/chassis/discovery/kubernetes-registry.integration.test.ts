import assert from "node:assert/strict";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import https from "node:https";
import { Readable } from "node:stream";
import { test } from "node:test";
import { servedCluster } from "#testing";
import { kubernetesRegistry } from "./kubernetes-registry.ts";

test("an API server that no longer knows what a watch asks to begin with is asked for a list", async (context) => {
  const cluster = await servedCluster();
  context.after(() => cluster.close());
  const { authority: ca, certificate: cert, key } = cluster.tls;
  const slices = "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices";
  const slice = (name: string, address: string) =>
    cluster.client.raw("POST", slices, {
      apiVersion: "discovery.k8s.io/v1",
      kind: "EndpointSlice",
      metadata: { name, labels: { "kubernetes.io/service-name": "orders" } },
      addressType: "IPv4",
      ports: [{ name: "http", port: 8080 }],
      endpoints: [{ addresses: [address] }],
    });
  await slice("one", "10.0.0.1");
  const expired: string[] = [];
  const registry = kubernetesRegistry({
    namespace: "default",
    async ask(path, signal) {
      const isFirstWatch = path.includes("watch=true") && expired.length === 0;
      if (isFirstWatch) {
        await slice("two", "10.0.0.2");
        await cluster.store.compact(cluster.store.revision);
      }
      const request = https.get({
        host: "127.0.0.1",
        port: cluster.listener.port,
        path,
        ca,
        cert,
        key,
        signal,
      });
      const [answer] = (await once(request, "response", { signal })) as [IncomingMessage];
      const body = Readable.toWeb(answer) as ReadableStream<Uint8Array>;
      if (!isFirstWatch) return new Response(body, { status: answer.statusCode ?? 0 });
      const text = await new Response(body).text();
      expired.push(text);
      return new Response(text, { status: answer.statusCode ?? 0 });
    },
  });
  const both = Promise.withResolvers<void>();
  const watching = registry.watch("orders", (instances) => {
    if (instances.length === 2) both.resolve();
  });
  context.after(() => watching.stop());
  await both.promise;
  assert.match(String(expired), /"code":410/);
});
