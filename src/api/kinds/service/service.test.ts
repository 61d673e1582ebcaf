import assert from "node:assert/strict";
import { test } from "node:test";
import type { Service } from "../../generated/types.ts";
import { cloneJson } from "../../json.ts";
import { serviceKind } from "./service.ts";

function service(spec: object): Service {
  const object: Service = {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "web", namespace: "shop" },
    spec: spec as NonNullable<Service["spec"]>,
  };
  serviceKind.defaults(object);
  serviceKind.prepareForCreate(object);
  return object;
}

function complaints(spec: object): string[] {
  return serviceKind.validateCreate(service(spec)).map(({ field, message }) => `${field}: ${message}`);
}

test("a service is completed as Kubernetes completes it", () => {
  assert.deepEqual(service({ ports: [{ port: 80 }] }).spec, {
    ports: [{ port: 80, protocol: "TCP", targetPort: 80 }],
    sessionAffinity: "None",
    type: "ClusterIP",
    internalTrafficPolicy: "Cluster",
    ipFamilyPolicy: "SingleStack",
    ipFamilies: ["IPv4"],
  });
});

test("empty strings of a service are completed like missing ones", () => {
  const empty = {
    type: "",
    sessionAffinity: "",
    externalTrafficPolicy: "",
    ports: [{ port: 80, targetPort: 80, protocol: "" }],
  };
  assert.deepEqual(service(empty).spec, {
    ...service({ ports: [{ port: 80 }] }).spec,
    externalTrafficPolicy: "",
  });
  assert.deepEqual(complaints(empty), []);
  assert.equal(service({ ...empty, type: "NodePort" }).spec?.externalTrafficPolicy, "Cluster");
});

test("what is wrong with a service is named by its field", () => {
  const cases: [object, string[]][] = [
    [{ ports: [{ port: 80 }] }, []],
    [{}, ["spec.ports: Required value"]],
    [{ clusterIP: "None" }, []],
    [{ type: "ExternalName", externalName: "example.com" }, []],
    [{ type: "ExternalName" }, ["spec.externalName: Required value"]],
    [
      { ports: [{ port: 80 }, { port: 81 }] },
      ["spec.ports[0].name: Required value", "spec.ports[1].name: Required value"],
    ],
    [
      { ports: [{ port: 0 }] },
      [
        "spec.ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive",
        "spec.ports[0].targetPort: Invalid value: 0: must be between 1 and 65535, inclusive",
      ],
    ],
    [
      { ports: [{ port: 80, nodePort: 30000 }] },
      ["spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'"],
    ],
    [
      { clusterIP: "x", ports: [{ port: 80 }] },
      [
        'spec.clusterIPs[0]: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
      ],
    ],
    [
      { externalIPs: ["192.0.2.1", "127.0.0.1"], ports: [{ port: 80 }] },
      [
        'spec.externalIPs[1]: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)',
      ],
    ],
    [
      { type: "Other", ports: [{ port: 80 }] },
      [
        'spec.type: Unsupported value: "Other": supported values: "ClusterIP", "ExternalName", "LoadBalancer", "NodePort"',
      ],
    ],
  ];
  for (const [spec, expected] of cases) assert.deepEqual(complaints(spec), expected);
});

function allocated(): Service {
  const object = service({ type: "NodePort", ports: [{ port: 80, nodePort: 30080 }] });
  Object.assign(object.spec ?? {}, { clusterIP: "10.96.0.7", clusterIPs: ["10.96.0.7"] });
  return object;
}

test("addresses and node ports that were given stay when the author leaves them out", () => {
  const old = allocated();
  const next = service({ type: "NodePort", ports: [{ port: 80 }] });
  serviceKind.prepareForUpdate(next, old);
  assert.equal(next.spec?.clusterIP, "10.96.0.7");
  assert.equal(next.spec?.ports?.[0]?.nodePort, 30080);
  assert.deepEqual(serviceKind.validateUpdate(next, old), []);
});

test("a change of type gives up what the new type has no use for", () => {
  const old = allocated();
  const inside = cloneJson(old);
  Object.assign(inside.spec ?? {}, { type: "ClusterIP" });
  serviceKind.prepareForUpdate(inside, old);
  assert.equal(inside.spec?.ports?.[0]?.nodePort, undefined);
  assert.deepEqual(serviceKind.validateUpdate(inside, old), []);
});

test("a cluster address never changes", () => {
  const old = allocated();
  const other = cloneJson(old);
  Object.assign(other.spec ?? {}, { clusterIP: "10.96.0.8", clusterIPs: ["10.96.0.8"] });
  serviceKind.prepareForUpdate(other, old);
  assert.match(serviceKind.validateUpdate(other, old)[0]?.message ?? "", /may not change once set/);
});
