import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ApiError } from "#base";
import type { FieldDefinition } from "../definitions/definition.ts";
import { tables } from "../generated/tables.ts";
import { definitionOf, fullName, schemaOfType } from "../schema/built-in.ts";
import { decodeObject } from "../schema/decode.ts";
import { decodeProtobuf, encodeProtobuf } from "./envelope.ts";

// A long run looks at many more.
const runs = (some: number) => (process.env.NACRE_LONG ? some * 20 : some);

/** What kubectl 1.35 sent, as base64, and what it meant. */
const sent: Readonly<Record<string, readonly [base64: string, object: object]>> = {
  "create namespace demo": [
    "azhzAAoPCgJ2MRIJTmFtZXNwYWNlEhwKFAoEZGVtbxIAGgAiACoAMgA4AEIAEgAaAgoAGgAiAA==",
    { apiVersion: "v1", kind: "Namespace", metadata: { name: "demo" }, spec: {}, status: {} },
  ],
  "create secret generic c --from-literal=a=b": [
    "azhzAAoMCgJ2MRIGU2VjcmV0Eh0KEQoBYxIAGgAiACoAMgA4AEIAEgYKAWESAWIaABoAIgA=",
    { apiVersion: "v1", kind: "Secret", metadata: { name: "c" }, data: { a: "Yg==" } },
  ],
  "create deployment web --image=nginx --replicas=0 --port=80": [
    "azhzAAoVCgdhcHBzL3YxEgpEZXBsb3ltZW50ErgBCh8KA3dlYhIAGgAiACoAMgA4AEIAWgoKA2FwcBIDd2ViEoYBCAASDAoKCgNhcHASA3dlYhpsChwKABIAGgAiACoAMgA4AEIAWgoKA2FwcBIDd2ViEkwSLgoFbmdpbngSBW5naW54KgAyCgoAEAAYUCIAKgBCAGoAcgCAAQCIAQCQAQCiAQAaADIAQgBKAFIAWABgAGgAggEAigEAmgEAwgEAIgIKACgAOAAaDAgAEAAYACAAKAA4ABoAIgA=",
    {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "web", labels: { app: "web" } },
      spec: {
        replicas: 0,
        selector: { matchLabels: { app: "web" } },
        template: {
          metadata: { labels: { app: "web" } },
          spec: {
            containers: [{ name: "nginx", image: "nginx", ports: [{ containerPort: 80 }], resources: {} }],
          },
        },
        strategy: {},
      },
      status: {},
    },
  ],
  "create poddisruptionbudget q --selector=a=b --min-available=50%": [
    "azhzAAogCglwb2xpY3kvdjESE1BvZERpc3J1cHRpb25CdWRnZXQSNgoRCgFxEgAaACIAKgAyADgAQgASFQoJCAEQABoDNTAlEggKBgoBYRIBYhoKCAAYACAAKAAwABoAIgA=",
    {
      apiVersion: "policy/v1",
      kind: "PodDisruptionBudget",
      metadata: { name: "q" },
      spec: { minAvailable: "50%", selector: { matchLabels: { a: "b" } } },
      status: { disruptionsAllowed: 0, currentHealthy: 0, desiredHealthy: 0, expectedPods: 0 },
    },
  ],
};

for (const [command, [base64, object]] of Object.entries(sent)) {
  test(`what kubectl ${command} sends is understood`, () => {
    assert.deepEqual(decodeProtobuf(Uint8Array.fromBase64(base64)), object);
  });
}

test("every kind comes back from protobuf as it went", () => {
  for (const { type, apiVersion, kind } of kinds()) {
    const property = fc.property(arbitraryObject(type, 4), (fields) => {
      const object = { apiVersion, kind, ...fields };
      const decoded = decodeProtobuf(encodeProtobuf(object));
      assert.deepEqual(sorted(decoded), sorted(object));
      // And it is what JSON would have said: nothing unknown, nothing to repair.
      assert.deepEqual(
        decodeObject(decoded, schemaOfType(type), { kind, version: apiVersion }).unknownFields,
        [],
      );
      assert.deepEqual(sorted(decoded), sorted(object));
    });
    fc.assert(property, { numRuns: runs(3), seed: 36 });
  }
});

test("bytes that are no message are a bad request, never a crash", () => {
  const whole = Uint8Array.fromBase64(
    sent["create deployment web --image=nginx --replicas=0 --port=80"]?.[0] ?? "",
  );
  const damage = fc.tuple(fc.nat(whole.length - 1), fc.nat(255), fc.nat(whole.length));
  fc.assert(
    fc.property(damage, ([at, byte, length]) => {
      const bytes = whole.slice(0, length);
      if (at < length) bytes[at] = byte;
      answersOrRefuses(bytes);
    }),
    { numRuns: runs(300), seed: 36 },
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (noise) => answersOrRefuses(enveloped(noise))),
    {
      numRuns: runs(300),
      seed: 36,
    },
  );
});

test("messages nested without end are refused", () => {
  let schema: object = {};
  for (let depth = 0; depth < 1_000; depth += 1) schema = { not: schema };
  const version = { name: "v1", schema: { openAPIV3Schema: schema } };
  const definition = {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    spec: { versions: [version] },
  };
  assert.throws(() => decodeProtobuf(encodeProtobuf(definition)), isBadRequest);
});

test("more entries than an object can hold are too many", () => {
  const data = Object.fromEntries(Array.from({ length: 100_000 }, (_, index) => [`k${index}`, ""]));
  const map = encodeProtobuf({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "x" }, data });
  assert.throws(() => decodeProtobuf(map as Uint8Array), { reason: "RequestEntityTooLarge" });
});

test("what lies as JSON in a message counts with the message", () => {
  const fields = Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`f:k${index}`, {}]));
  const entry = { manager: "m", operation: "Update", fieldsV1: { "f:data": fields } };
  const mapWith = (entries: number) => {
    const metadata = { name: "x", managedFields: Array(entries).fill(entry) };
    return encodeProtobuf({ apiVersion: "v1", kind: "ConfigMap", metadata });
  };
  assert.ok(decodeProtobuf(mapWith(4)));
  assert.throws(() => decodeProtobuf(mapWith(6)), { reason: "RequestEntityTooLarge" });
});

test("a kind that is not built in is refused by name", () => {
  assert.throws(() => encodeProtobuf({ apiVersion: "example.com/v1", kind: "Widget" }), /no kind "Widget"/);
});

function answersOrRefuses(bytes: Uint8Array): void {
  try {
    decodeProtobuf(bytes);
  } catch (error) {
    assert.ok(isBadRequest(error), String(error));
  }
}

function isBadRequest(error: unknown): boolean {
  return error instanceof ApiError && error.reason === "BadRequest";
}

/** The bytes as the raw part of a Deployment. */
function enveloped(raw: Uint8Array): Uint8Array {
  const head = [
    0x6b,
    0x38,
    0x73,
    0,
    0x0a,
    21,
    0x0a,
    7,
    ...ascii("apps/v1"),
    0x12,
    10,
    ...ascii("Deployment"),
    0x12,
  ];
  const length: number[] = [];
  for (let rest = raw.length; ; rest >>= 7) {
    length.push(rest < 128 ? rest : (rest & 0x7f) | 0x80);
    if (rest < 128) break;
  }
  return new Uint8Array([...head, ...length, ...raw]);
}

function ascii(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** Every kind of the tables that has protobuf numbers. */
function* kinds(): Generator<{ type: string; apiVersion: string; kind: string }> {
  for (const [owner, { group, version, types }] of Object.entries(tables)) {
    for (const kind of Object.keys(types)) {
      const definition = definitionOf(`${owner}.${kind}`);
      const numbers = Object.values(definition.fields).filter((field) => field.protobuf !== undefined);
      if (definition.kind && numbers.length > 0) {
        yield {
          type: `${owner}.${kind}`,
          apiVersion: group ? `${group}/${version}` : (version ?? "v1"),
          kind,
        };
      }
    }
  }
}

type Arbitrary = fc.Arbitrary<unknown>;

/** Objects in the form that decoding gives: nothing empty that is not a value of its own. */
function arbitraryObject(type: string, depth: number): fc.Arbitrary<object> {
  const owner = type.slice(0, type.lastIndexOf("."));
  const members: Record<string, Arbitrary> = {};
  for (const [name, field] of Object.entries(definitionOf(type).fields)) {
    if (field.protobuf === undefined) continue;
    const arbitrary = arbitraryValue(field.type, owner, depth, field);
    if (arbitrary) members[name] = arbitrary;
  }
  return fc.record(members, { requiredKeys: [] });
}

function arbitraryValue(
  type: string,
  owner: string,
  depth: number,
  field?: FieldDefinition,
): Arbitrary | undefined {
  if (type.endsWith("[]")) {
    const element = arbitraryValue(type.slice(0, -2), owner, depth - 1, { type: "", required: true });
    return element && fc.array(element, { minLength: 1, maxLength: 2 });
  }
  if (type.startsWith("map<")) {
    const element = arbitraryValue(type.slice(4, -1), owner, depth - 1, { type: "", required: true });
    return element && fc.dictionary(fc.string(), element, { minKeys: 1, maxKeys: 2, noNullPrototype: true });
  }
  const scalar = arbitraryScalar(type);
  if (scalar) {
    const keepsEmpty = field?.pointer || field?.required || ["", 0, false].includes(field?.default as string);
    return keepsEmpty ? scalar : scalar.filter((value) => value !== "" && value !== 0 && value !== false);
  }
  if (type.startsWith("JSONSchemaPropsOr")) {
    const props = arbitraryObject("apiextensions.v1.JSONSchemaProps", 0);
    if (type.endsWith("OrBool")) return fc.oneof(fc.boolean(), props);
    return fc.oneof(
      props,
      fc.array<unknown>(type.endsWith("StringArray") ? fc.string() : props, { minLength: 1, maxLength: 2 }),
    );
  }
  return depth <= 0 ? undefined : arbitraryObject(fullName(type, owner), depth - 1);
}

function arbitraryScalar(type: string): Arbitrary | undefined {
  const seconds = fc.integer({ min: -62_167_219_200, max: 253_402_300_799 });
  const json = fc.object({
    maxDepth: 1,
    key: fc.string({ minLength: 1 }).filter((key) => key !== "__proto__"),
  });
  switch (type) {
    case "string":
      return fc.string({ unit: "grapheme", maxLength: 8 });
    case "bytes":
      return fc.uint8Array({ maxLength: 8 }).map((bytes) => bytes.toBase64());
    case "bool":
      return fc.boolean();
    case "int32":
      return fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
    case "int64":
      return fc.maxSafeInteger();
    case "double":
      return fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0);
    case "Quantity":
      return fc.constantFrom("1", "500m", "64Mi", "0");
    case "IntOrString":
      return fc.oneof(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), fc.string({ minLength: 1 }));
    case "Time":
      return seconds.map((value) => `${new Date(value * 1000).toISOString().slice(0, 19)}Z`);
    case "MicroTime":
      return fc
        .tuple(seconds, fc.nat(999_999))
        .map(
          ([value, micros]) =>
            `${new Date(value * 1000).toISOString().slice(0, 19)}.${String(micros).padStart(6, "0")}Z`,
        );
    case "FieldsV1":
    case "RawExtension":
    case "JSON":
      return json.map((value) => JSON.parse(JSON.stringify(value)) as unknown);
    default:
      return undefined;
  }
}

/** Without regard to the order of keys, or to prototypes. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.entries(value)
    .map(([key, item]): [string, unknown] => [key, sorted(item)])
    .sort(([a], [b]) => (a < b ? -1 : 1));
}
