import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { EndpointSlice, Pod, Service } from "#api";
import type { SlicePlan } from "../shared/slices.ts";
import { decide } from "./decide.ts";
import { endpointsFrom } from "./endpoints.ts";
import { endpointsPerSlice } from "./limits.ts";

function service(spec: Partial<Service["spec"]> = {}): Service {
  return {
    metadata: { name: "web", namespace: "shop", uid: "s1" },
    spec: { selector: { app: "web" }, ports: [{ name: "http", port: 80, targetPort: "http" }], ...spec },
  };
}

interface PodTraits {
  ready?: boolean;
  leaving?: boolean;
  phase?: string;
  port?: number;
  app?: string;
  noAddress?: boolean;
}

function pod(id: number, traits: PodTraits = {}): Pod {
  const { ready = true, leaving, phase = "Running", port = 8080, app = "web", noAddress } = traits;
  const podIP = `10.244.${id >> 8}.${id & 255}`;
  return {
    metadata: {
      name: `p${id}`,
      namespace: "shop",
      uid: `u${id}`,
      labels: { app },
      ...(leaving ? { deletionTimestamp: "2026-01-01T00:00:00Z" } : {}),
    },
    spec: { nodeName: "n1", containers: [{ name: "c", ports: [{ name: "http", containerPort: port }] }] },
    status: {
      phase,
      ...(noAddress ? {} : { podIP, podIPs: [{ ip: podIP }] }),
      conditions: [{ type: "Ready", status: ready ? "True" : "False" }],
    },
  };
}

const node = { metadata: { name: "n1", labels: { "topology.kubernetes.io/zone": "z1" } } };
const nodeOf = () => node;

function planFor(pods: Pod[], slices: EndpointSlice[] = [], of: Service = service()): SlicePlan {
  return decide({ service: of, pods, slices, nodeOf });
}

let created = 0;
function done(slices: EndpointSlice[], plan: SlicePlan): EndpointSlice[] {
  const named = plan.create.map((slice) => {
    created += 1;
    return { ...slice, metadata: { ...slice.metadata, name: `web-${created}` } };
  });
  const changed = new Map(plan.update.map((slice) => [slice.metadata?.name, slice]));
  const gone = new Set(plan.remove.map((slice) => slice.metadata?.name));
  return [
    ...slices
      .filter((slice) => !gone.has(slice.metadata?.name))
      .map((slice) => changed.get(slice.metadata?.name) ?? slice),
    ...named,
  ];
}

test("a ready pod is an endpoint with its node, zone and resolved port", () => {
  const [slice] = planFor([pod(1)]).create;
  assert.deepEqual(slice?.ports, [{ name: "http", port: 8080, protocol: "TCP" }]);
  assert.deepEqual(slice?.endpoints, [
    {
      addresses: ["10.244.0.1"],
      conditions: { ready: true, serving: true, terminating: false },
      nodeName: "n1",
      targetRef: { kind: "Pod", namespace: "shop", name: "p1", uid: "u1" },
      zone: "z1",
    },
  ]);
  assert.equal(slice?.metadata?.labels?.["kubernetes.io/service-name"], "web");
  assert.equal(slice?.metadata?.ownerReferences?.[0]?.uid, "s1");
});

test("a terminating pod still serves but is not ready; an ended one is no endpoint", () => {
  const [slice] = planFor([
    pod(1, { leaving: true }),
    pod(2, { phase: "Failed" }),
    pod(3, { noAddress: true }),
  ]).create;
  assert.equal(slice?.endpoints?.length, 1);
  assert.deepEqual(slice?.endpoints?.[0]?.conditions, { ready: false, serving: true, terminating: true });
});

test("addresses that are not ready are published when the service says so", () => {
  const [slice] = planFor([pod(1, { ready: false })], [], service({ publishNotReadyAddresses: true })).create;
  assert.deepEqual(slice?.endpoints?.[0]?.conditions, { ready: true, serving: false, terminating: false });
});

test("pods whose named port differs are in different slices", () => {
  const plan = planFor([pod(1, { port: 8080 }), pod(2, { port: 9090 })]);
  assert.deepEqual(plan.create.map((slice) => slice.ports?.[0]?.port).sort(), [8080, 9090]);
});

test("without pods one empty slice says so", () => {
  const plan = planFor([]);
  assert.equal(plan.create.length, 1);
  assert.deepEqual(plan.create[0]?.endpoints, []);
  const slices = done([], plan);
  assert.deepEqual(planFor([], slices), { create: [], update: [], remove: [] });
});

test("one pod's change rewrites only its own slice", () => {
  const pods = Array.from({ length: 250 }, (_, id) => pod(id));
  const slices = done([], planFor(pods));
  assert.equal(slices.length, 3);
  pods[120] = pod(120, { ready: false });
  const plan = planFor(pods, slices);
  assert.deepEqual([plan.create.length, plan.update.length, plan.remove.length], [0, 1, 0]);
});

test("Endpoints tell ready from not ready and leave terminating pods out", () => {
  const slices = done([], planFor([pod(2), pod(1), pod(3, { ready: false }), pod(4, { leaving: true })]));
  const [subset, ...others] = endpointsFrom(service(), slices).subsets ?? [];
  assert.equal(others.length, 0);
  assert.deepEqual(
    subset?.addresses?.map((address) => address.ip),
    ["10.244.0.1", "10.244.0.2"],
  );
  assert.deepEqual(
    subset?.notReadyAddresses?.map((address) => address.ip),
    ["10.244.0.3"],
  );
  assert.deepEqual(subset?.ports, [{ name: "http", port: 8080, protocol: "TCP" }]);
});

test("whatever comes and goes, every pod is in exactly one slice, none is too large, and then nothing is left to do", () => {
  const traits = fc.record({
    id: fc.integer({ min: 0, max: 260 }),
    ready: fc.boolean(),
    port: fc.constantFrom(1, 2),
  });
  const round = fc.uniqueArray(traits, { selector: (one) => one.id, maxLength: 260 });
  fc.assert(
    fc.property(fc.array(round, { minLength: 1, maxLength: 4 }), (rounds) => {
      let slices: EndpointSlice[] = [];
      for (const wanted of rounds) {
        const pods = wanted.map(({ id, ready, port }) => pod(id, { ready, port }));
        slices = done(slices, planFor(pods, slices));
        const found = slices.flatMap((slice) => (slice.endpoints ?? []).map((one) => one.targetRef?.uid));
        assert.deepEqual([...found].sort(), pods.map((one) => one.metadata?.uid).sort());
        assert.ok(slices.every((slice) => (slice.endpoints?.length ?? 0) <= endpointsPerSlice));
        assert.deepEqual(planFor(pods, slices), { create: [], update: [], remove: [] });
      }
    }),
    { numRuns: 30 },
  );
});
