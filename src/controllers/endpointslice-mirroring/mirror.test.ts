import assert from "node:assert/strict";
import { test } from "node:test";
import type { EndpointSlice, EndpointSubset, Endpoints } from "#api";
import { mirror } from "./mirror.ts";

function handmade(...subsets: EndpointSubset[]): Endpoints {
  return { metadata: { name: "legacy", namespace: "shop", uid: "e1", labels: { team: "a" } }, subsets };
}

const ports = [{ name: "sql", port: 5432, protocol: "TCP" }];
const one = { addresses: [{ ip: "192.0.2.1" }], ports };

/** The slices as the API would have them after a plan that only creates. */
function made(source: Endpoints): EndpointSlice[] {
  return mirror(source, []).create.map((slice, index) => ({
    ...slice,
    metadata: { ...slice.metadata, name: `legacy-${index}`, uid: `s${index}` },
  }));
}

test("Endpoints become slices, one for each set of ports and address family", () => {
  const mixed = {
    addresses: [{ ip: "192.0.2.1" }, { ip: "2001:db8::1" }],
    notReadyAddresses: [{ ip: "192.0.2.2" }],
    ports,
  };
  const other = { addresses: [{ ip: "192.0.2.3", hostname: "h" }], ports: [{ port: 80 }] };
  const slices = made(handmade(mixed, other));
  assert.deepEqual(
    slices.map(({ addressType, endpoints }) => [
      addressType,
      endpoints?.map(({ addresses, conditions }) => [addresses[0], conditions?.ready]),
    ]),
    [
      [
        "IPv4",
        [
          ["192.0.2.1", true],
          ["192.0.2.2", false],
        ],
      ],
      ["IPv6", [["2001:db8::1", true]]],
      ["IPv4", [["192.0.2.3", true]]],
    ],
  );
  const { labels, ownerReferences } = slices[0]?.metadata ?? {};
  assert.deepEqual(labels, {
    team: "a",
    "kubernetes.io/service-name": "legacy",
    "endpointslice.kubernetes.io/managed-by": "endpointslicemirroring-controller.k8s.io",
  });
  assert.deepEqual([ownerReferences?.[0]?.kind, ownerReferences?.[0]?.uid], ["Endpoints", "e1"]);
});

test("subsets with the same ports are one slice, which stays as it is", () => {
  const source = handmade(one, { addresses: [{ ip: "192.0.2.2" }], ports: [...ports] });
  const slices = made(source);
  assert.deepEqual(
    slices.map(({ endpoints }) => endpoints?.map(({ addresses }) => addresses[0])),
    [["192.0.2.1", "192.0.2.2"]],
  );
  assert.deepEqual(mirror(source, slices), { create: [], update: [], remove: [] });
});

test("of two slices for the same, as a program that ended half-way leaves them, one goes", () => {
  const source = handmade(one);
  const [first, second] = [...made(source), ...made(source)];
  assert.deepEqual(mirror(source, [first, second] as EndpointSlice[]).remove, [second]);
});

test("annotations are copied, but for kubectl's own notes about the Endpoints", () => {
  const source = handmade(one);
  const annotations = { owner: "a", "kubectl.kubernetes.io/last-applied-configuration": "{}" };
  const annotated = { ...source, metadata: { ...source.metadata, annotations } };
  assert.deepEqual(made(annotated)[0]?.metadata?.annotations, { owner: "a" });
});

test("what is mirrored already is not written again", () => {
  const source = handmade(one);
  assert.deepEqual(mirror(source, made(source)), { create: [], update: [], remove: [] });
});

test("a changed address changes its slice, and only what is the mirror's own in it", () => {
  const slices = made(handmade(one));
  const plan = mirror(handmade({ addresses: [{ ip: "192.0.2.9" }], ports }), slices);
  assert.deepEqual([plan.create, plan.remove], [[], []]);
  assert.equal(plan.update[0]?.metadata?.name, "legacy-0");
  assert.deepEqual(plan.update[0]?.endpoints?.[0]?.addresses, ["192.0.2.9"]);
});

test("without Endpoints, or with other ports, the old slices go", () => {
  const slices = made(handmade(one));
  assert.deepEqual(mirror(undefined, slices).remove, slices);
  const plan = mirror(handmade({ ...one, ports: [{ port: 1 }] }), slices);
  assert.deepEqual([plan.create.length, plan.remove], [1, slices]);
});
