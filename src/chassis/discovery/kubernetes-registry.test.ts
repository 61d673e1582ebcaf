import assert from "node:assert/strict";
import { test } from "node:test";
import { VirtualClock } from "#testing";
import { type EndpointSlice, instancesOf } from "./endpoint-slices.ts";
import type { Instance } from "./instance.ts";
import { kubernetesRegistry } from "./kubernetes-registry.ts";

const http = { port: "http", scheme: "http" } as const;

test("ready endpoints are instances, once each, at the port that is wanted", () => {
  const ports = [
    { name: "metrics", port: 9090 },
    { name: "http", port: 8080 },
  ];
  const slices: EndpointSlice[] = [
    {
      ports,
      endpoints: [
        { addresses: ["10.0.0.1"], conditions: { ready: true }, zone: "east" },
        { addresses: ["10.0.0.2"], conditions: { ready: false } },
        { addresses: ["10.0.0.3"], conditions: {} },
      ],
    },
    { ports: [{ port: 80 }], endpoints: [{ addresses: ["fd00::1"] }] },
    { ports, endpoints: [{ addresses: ["10.0.0.1"], zone: "east" }] },
    { ports: ports.slice(0, 1).concat({ name: "grpc", port: 1 }), endpoints: [{ addresses: ["10.0.0.9"] }] },
    { ports: null, endpoints: null },
  ];
  assert.deepEqual(instancesOf(slices, http), [
    { id: "10.0.0.1:8080", url: "http://10.0.0.1:8080", zone: "east" },
    { id: "10.0.0.3:8080", url: "http://10.0.0.3:8080" },
    { id: "[fd00::1]:80", url: "http://[fd00::1]:80" },
  ]);
});

test("slices are listed, watched, and listed again when the watch rings; an error leaves what was known", async () => {
  const clock = new VirtualClock();
  const heard: string[][] = [];
  const asked: string[] = [];
  let addresses = ["10.0.0.1"];
  let ring = () => {};
  const ask = async (path: string) => {
    const { pathname, searchParams } = new URL(path, "http://api");
    asked.push(
      `${pathname} ${searchParams.get("watch") ?? "list"} ${searchParams.get("resourceVersion") ?? ""}`,
    );
    if (addresses.length === 0) return new Response("down", { status: 500 });
    if (!searchParams.has("watch"))
      return Response.json({
        metadata: { resourceVersion: String(asked.length) },
        items: [{ ports: [{ port: 80 }], endpoints: addresses.map((each) => ({ addresses: [each] })) }],
      });
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        ring = () => controller.enqueue(new TextEncoder().encode('{"type":"MODIFIED"}\n'));
      },
    });
    return new Response(body);
  };
  const registry = kubernetesRegistry({ namespace: "shop", ask, clock });
  const watching = registry.watch("orders", (instances: readonly Instance[]) =>
    heard.push(instances.map(({ id }) => id)),
  );
  await clock.advance(200);
  const path = "/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices";
  assert.deepEqual(asked, [`${path} list `, `${path} true 1`]);
  addresses = ["10.0.0.1", "10.0.0.2"];
  ring();
  await clock.advance(200);
  addresses = [];
  ring();
  await clock.advance(200);
  addresses = ["10.0.0.2"];
  await clock.advance(5_000);
  assert.deepEqual(heard, [["10.0.0.1:80"], ["10.0.0.1:80", "10.0.0.2:80"], ["10.0.0.2:80"]]);
  watching.stop();
});

test("a watch that ends, is too old or leads nowhere is followed by a list", async () => {
  const clock = new VirtualClock();
  const heard: string[][] = [];
  const asked: string[] = [];
  let watch: (signal: AbortSignal) => Promise<Response> = async () => new Response(null);
  const registry = kubernetesRegistry({
    namespace: "shop",
    clock,
    ask: async (path, signal) => {
      const isWatch = path.includes("watch=true");
      asked.push(isWatch ? "watch" : "list");
      if (isWatch) return watch(signal);
      const endpoints = [{ addresses: [`10.0.0.${heard.length + 1}`] }];
      return Response.json({
        metadata: { resourceVersion: "7" },
        items: [{ ports: [{ port: 80 }], endpoints }],
      });
    },
  });
  const hanging = (signal: AbortSignal) =>
    new Promise<Response>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  const watching = registry.watch("orders", (instances) => heard.push(instances.map(({ id }) => id)));
  await clock.advance(0);
  watch = async () => new Response("too old", { status: 410 });
  await clock.advance(100);
  assert.deepEqual(asked, ["list", "watch"]);
  watch = hanging;
  await clock.advance(400);
  assert.deepEqual(asked, ["list", "watch", "list", "watch"]);
  await clock.advance(60_000);
  assert.ok(heard.length >= 3, `${heard.length} lists were heard`);
  watching.stop();
});
