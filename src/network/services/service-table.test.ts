import assert from "node:assert/strict";
import { test } from "node:test";
import type { Endpoint, EndpointSlice, Service } from "#api";
import { keyOf } from "./frontends.ts";
import { servicePorts } from "./service-table.ts";

function service(spec: Service["spec"] = {}, labels: Record<string, string> = {}): Service {
  return {
    metadata: { name: "web", namespace: "shop", labels },
    spec: { clusterIP: "10.96.0.50", ports: [{ name: "http", port: 80 }], ...spec },
  };
}

function slice(...endpoints: Endpoint[]): EndpointSlice {
  return { addressType: "IPv4", ports: [{ name: "http", port: 8080, protocol: "TCP" }], endpoints };
}

function pod(last: number, conditions: Endpoint["conditions"] = { ready: true }, nodeName = "n1"): Endpoint {
  return {
    addresses: [`10.244.0.${last}`],
    conditions: conditions as NonNullable<typeof conditions>,
    nodeName,
  };
}

const node = { name: "n1", network: { serviceRange: "10.96.0.0/16", clusterPodRange: "10.244.0.0/16" } };

/** Frontends and the last numbers of the endpoints behind them, for each port. */
function found(of: Service, ...slices: EndpointSlice[]): [frontends: string[], pods: string[]][] {
  return servicePorts(of, slices, node).map(({ frontends, endpoints }) => [
    frontends.map(keyOf),
    endpoints.map((endpoint) => endpoint.replace("10.244.0.", "").replace(" . 8080", "")),
  ]);
}

const leaving = { ready: false, serving: true, terminating: true };
const cluster = "10.96.0.50 . tcp . 80";

test("a service answers on its cluster, external and balancer's addresses and on its node port, with the same turn", () => {
  const all = {
    ...service({
      externalIPs: ["192.0.2.1", "192.0.2.2"],
      ports: [{ name: "http", port: 80, nodePort: 30080 }],
    }),
    status: {
      loadBalancer: {
        ingress: [{ ip: "192.0.2.2" }, { ip: "192.0.2.3" }, { ip: "192.0.2.4", ipMode: "Proxy" }],
      },
    },
  };
  const outside = ["192.0.2.1 . tcp . 80", "192.0.2.2 . tcp . 80", "192.0.2.3 . tcp . 80", "tcp . 30080"];
  assert.deepEqual(found(all, slice(pod(1))), [[[cluster, ...outside], ["1"]]]);
});

test("addresses that the cluster gives to services and pods are nobody's external ones", () => {
  const externalIPs = ["10.96.0.1", "10.244.0.1", "192.0.2.1"];
  assert.deepEqual(found(service({ externalIPs }), slice(pod(1))), [
    [[cluster, "192.0.2.1 . tcp . 80"], ["1"]],
  ]);
});

test("a port that no program can have has no endpoint", () => {
  const wrong = [0, -1, 65_536].map((port) => ({ ...slice(pod(2)), ports: [{ name: "http", port }] }));
  assert.deepEqual(found(service(), slice(pod(1)), ...wrong), [[[cluster], ["1"]]]);
});

test("endpoints that are not ready get nothing; those not known to be unready do", () => {
  const endpoints = [pod(1), pod(2, { ready: false, serving: false, terminating: false }), pod(3, {})];
  assert.deepEqual(found(service(), slice(...endpoints)), [[[cluster], ["1", "3"]]]);
});

test("endpoints that terminate get connections only while none is ready, and only while they serve", () => {
  const gone = pod(3, { ready: false, serving: false, terminating: true });
  assert.deepEqual(found(service(), slice(pod(1), pod(2, leaving))), [[[cluster], ["1"]]]);
  assert.deepEqual(found(service(), slice(pod(2, leaving), gone)), [[[cluster], ["2"]]]);
});

test("internalTrafficPolicy is about the cluster's address, externalTrafficPolicy about the others", () => {
  const ports = [{ name: "http", port: 80, nodePort: 30080 }];
  const endpoints = slice(pod(1), pod(2, { ready: true }, "n2"));
  assert.deepEqual(found(service({ ports, internalTrafficPolicy: "Local" }), endpoints), [
    [[cluster], ["1"]],
    [["tcp . 30080"], ["1", "2"]],
  ]);
  assert.deepEqual(found(service({ ports, externalTrafficPolicy: "Local" }), endpoints), [
    [[cluster], ["1", "2"]],
    [["tcp . 30080"], ["1"]],
  ]);
});

test("a node whose last ready endpoint leaves uses those of its own that still serve, when traffic is to stay local", () => {
  const endpoints = slice(pod(1, leaving), pod(2, { ready: true }, "n2"));
  assert.deepEqual(found(service({ internalTrafficPolicy: "Local" }), endpoints), [[[cluster], ["1"]]]);
});

test("ports are found by name and protocol in all slices, with the number that each has", () => {
  const both = service({
    ports: [
      { name: "dns", port: 53, protocol: "UDP", targetPort: "dns" },
      { name: "dns-tcp", port: 53, protocol: "TCP" },
      { name: "sctp", port: 53, protocol: "SCTP" },
    ],
  });
  const slices = [
    { ...slice(pod(1)), ports: [{ name: "dns", port: 5353, protocol: "UDP" }] },
    { ...slice(pod(2)), ports: [{ name: "dns", port: 53, protocol: "UDP" }] },
    { ...slice(pod(3)), ports: [{ name: "sctp", port: 53, protocol: "SCTP" }] },
  ];
  const ports = servicePorts(both, slices, node);
  assert.deepEqual(
    ports.map(({ id, endpoints }) => [id, endpoints]),
    [
      ["shop/web:dns:udp", ["10.244.0.1 . 5353", "10.244.0.2 . 53"]],
      ["shop/web:dns-tcp:tcp", []],
      ["shop/web:sctp:sctp", ["10.244.0.3 . 53"]],
    ],
  );
});

test("affinity lasts as long as the service says", () => {
  const sticky = service({
    sessionAffinity: "ClientIP",
    sessionAffinityConfig: { clientIP: { timeoutSeconds: 60 } },
  });
  assert.equal(servicePorts(sticky, [], node)[0]?.affinitySeconds, 60);
  assert.equal(servicePorts(service(), [], node)[0]?.affinitySeconds, undefined);
});

test("headless and external names, and what another proxy looks after, are not the kernel's", () => {
  const labels = { "service.kubernetes.io/service-proxy-name": "other" };
  for (const one of [
    service({ clusterIP: "None" }),
    service({ type: "ExternalName", externalName: "example.org" }),
    service({}, labels),
    service({}, { "service.kubernetes.io/headless": "" }),
  ]) {
    assert.deepEqual(found(one, slice(pod(1))), []);
  }
});
