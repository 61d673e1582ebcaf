import assert from "node:assert/strict";
import { test } from "node:test";
import { schemaOf, schemaOfType } from "./built-in.ts";
import { decodeObject, strictError } from "./decode.ts";
import { applyStaticDefaults } from "./defaults.ts";
import { type StructuralSchema, schemaFromOpenApi } from "./from-openapi.ts";
import type { TypeSchema } from "./type-schema.ts";

const pod = { kind: "Pod", version: "v1" };
const podSchema = schemaOf({ group: "", version: "v1", kind: "Pod" }) as TypeSchema;

function decoded(object: object, schema: TypeSchema = podSchema): object {
  decodeObject(object, schema, pod);
  return object;
}

test("unknown fields are dropped and named by path", () => {
  const object = { spec: { nodeNmae: "one", containers: [{ name: "a", imagee: "b" }] }, extra: {} };
  const report = decodeObject(object, podSchema, pod);
  assert.deepEqual(report.unknownFields, ["spec.nodeNmae", "spec.containers[0].imagee", "extra"]);
  assert.deepEqual(object, { spec: { containers: [{ name: "a" }] } });
  assert.equal(
    strictError({ ...report, duplicateFields: ["spec"] }, pod)?.message,
    'Pod in version "v1" cannot be handled as a Pod: strict decoding error: duplicate field "spec", ' +
      'unknown field "spec.nodeNmae", unknown field "spec.containers[0].imagee", unknown field "extra"',
  );
});

test("a field called __proto__ is unknown like any other", () => {
  const object = JSON.parse('{"__proto__":{"x":1},"metadata":{"labels":{"__proto__":"v"}}}') as object;
  assert.deepEqual(decodeObject(object, podSchema, pod).unknownFields, ["__proto__"]);
  assert.equal(JSON.stringify(object), '{"metadata":{"labels":{"__proto__":"v"}}}');
});

test("null means absent, and inside lists and maps empty", () => {
  assert.deepEqual(
    decoded({ metadata: { creationTimestamp: null, labels: { a: null } }, spec: { containers: [null] } }),
    { metadata: { labels: { a: "" } }, spec: { containers: [{}] } },
  );
});

test("empty lists and maps that need not be there are not kept; empty objects, and those of custom kinds, are", () => {
  const empty = {
    metadata: { name: "a", labels: {}, annotations: {}, finalizers: [] },
    spec: { containers: [], nodeSelector: {}, volumes: [{ name: "v", emptyDir: {} }] },
  };
  assert.deepEqual(decoded(empty), {
    metadata: { name: "a" },
    spec: { containers: [], volumes: [{ name: "v", emptyDir: {} }] },
  });
  const custom = { spec: { parts: [] } };
  const schema = schemaFromOpenApi(widget, "Widget", schemaOfType("meta.v1.ObjectMeta"));
  assert.deepEqual(decoded(structuredClone(custom), schema), custom);
});

test("quantities and times take their canonical form", () => {
  const limits = { cpu: 0.5, memory: "1024Mi", "example.com/gpu": "2" };
  const object = {
    metadata: { creationTimestamp: "2026-01-01T02:00:00.5+01:30" },
    spec: { containers: [{ name: "a", resources: { limits } }] },
  };
  assert.deepEqual(decoded(object), {
    metadata: { creationTimestamp: "2026-01-01T00:30:00Z" },
    spec: {
      containers: [
        { name: "a", resources: { limits: { cpu: "500m", memory: "1Gi", "example.com/gpu": "2" } } },
      ],
    },
  });
  assert.deepEqual(
    decoded({ renewTime: "2026-01-01T00:00:00.1Z" }, schemaOfType("coordination.v1.LeaseSpec")),
    {
      renewTime: "2026-01-01T00:00:00.100000Z",
    },
  );
});

const wrong: readonly (readonly [object: unknown, message: RegExp])[] = [
  [
    { spec: { containers: [{ name: 1 }] } },
    /cannot unmarshal number into Go struct field Container.spec.containers.name of type string$/,
  ],
  [
    { spec: { containers: {} } },
    /cannot unmarshal object into Go struct field PodSpec.spec.containers of type \[\]v1.Container$/,
  ],
  [
    { spec: { priority: 1.5 } },
    /cannot unmarshal number 1.5 into Go struct field PodSpec.spec.priority of type int32$/,
  ],
  [{ spec: { priority: 2 ** 31 } }, /cannot unmarshal number/],
  [
    { spec: { hostNetwork: "true" } },
    /cannot unmarshal string into Go struct field PodSpec.spec.hostNetwork of type bool$/,
  ],
  [{ metadata: { labels: { a: 1 } } }, /cannot unmarshal number/],
  [{ metadata: { creationTimestamp: "2026-02-30T00:00:00Z" } }, /parsing time "2026-02-30T00:00:00Z"/],
  [{ spec: { containers: [{ resources: { limits: { cpu: "1x" } } }] } }, /quantities must match/],
  [[], /cannot unmarshal array into Go value of type v1.Pod$/],
  ["pod", /cannot unmarshal string/],
];

for (const [object, message] of wrong) {
  test(`${JSON.stringify(object)} is a bad request that says why`, () => {
    assert.throws(() => decodeObject(object, podSchema, pod), { reason: "BadRequest", message });
  });
}

test("binary data must be base64", () => {
  const secret = schemaOf({ group: "", version: "v1", kind: "Secret" }) as TypeSchema;
  assert.deepEqual(decoded({ data: { a: "aGVs\nbG8=" } }, secret), { data: { a: "aGVsbG8=" } });
  assert.throws(() => decoded({ data: { a: "not base64!" } }, secret), /illegal base64 data in data.a/);
});

test("a schema within a custom kind's definition is read to its depth", () => {
  const schema = schemaOfType("apiextensions.v1.JSONSchemaProps");
  const object = {
    properties: { a: { items: { typ: "string" }, additionalProperties: true } },
    default: { any: null },
  };
  const report = decodeObject(object, schema, { kind: "CustomResourceDefinition", version: "v1" });
  assert.deepEqual(report.unknownFields, ["properties.a.items.typ"]);
});

test("static defaults fill what every stored object has, and nothing that was given", () => {
  const object = {
    spec: { containers: [{ name: "a", ports: [{ containerPort: 80 }, { protocol: "UDP" }] }] },
  };
  applyStaticDefaults(object, podSchema);
  assert.deepEqual(object, {
    metadata: {},
    spec: {
      containers: [
        {
          name: "a",
          ports: [
            { containerPort: 80, protocol: "TCP" },
            { containerPort: 0, protocol: "UDP" },
          ],
          resources: {},
        },
      ],
    },
    status: {},
  });
});

test("a static default takes the place of an empty string, where empty says nothing", () => {
  const volume = { iscsi: { iscsiInterface: "" }, azureDisk: { cachingMode: "" } };
  const object = {
    spec: { containers: [{ ports: [{ containerPort: 80, protocol: "" }] }], volumes: [volume] },
  };
  applyStaticDefaults(object, podSchema);
  assert.equal(object.spec.containers[0]?.ports[0]?.protocol, "TCP");
  assert.equal(volume.iscsi.iscsiInterface, "default");
  assert.equal(volume.azureDisk.cachingMode, "", "a pointer's empty string is a value");
});

const widget: StructuralSchema = {
  type: "object",
  properties: {
    spec: {
      type: "object",
      properties: {
        size: { type: "integer", default: 3 },
        port: { "x-kubernetes-int-or-string": true },
        parts: {
          type: "array",
          "x-kubernetes-list-type": "map",
          "x-kubernetes-list-map-keys": ["name"],
          items: {
            type: "object",
            properties: { name: { type: "string" }, colour: { type: "string", default: "white" } },
          },
        },
        anything: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
      },
    },
  },
};

test("a custom kind is decoded and defaulted by the same walk", () => {
  const schema = schemaFromOpenApi(widget, "Widget", schemaOfType("meta.v1.ObjectMeta"));
  const object = {
    apiVersion: "example.com/v1",
    kind: "Widget",
    metadata: { name: "w", labels: {} },
    spec: { port: "http", parts: [{ name: "a", x: 1 }], anything: { goes: [1] }, y: 1 },
  };
  assert.deepEqual(decodeObject(object, schema, { kind: "Widget", version: "v1" }).unknownFields, [
    "spec.parts[0].x",
    "spec.y",
  ]);
  applyStaticDefaults(object, schema);
  assert.deepEqual(object.spec, {
    size: 3,
    port: "http",
    parts: [{ name: "a", colour: "white" }],
    anything: { goes: [1] },
  });
  const parts = schema.fields.get("spec")?.schema.fields.get("parts")?.schema;
  assert.deepEqual([parts?.merge, parts?.keys], ["associative", ["name"]]);
});
