import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { must } from "#base";
import { applyConfiguration } from "../apply/apply-configuration.ts";
import { trackUpdate } from "../apply/track-update.ts";
import { cloneJson, type Json, type JsonObject } from "../json.ts";
import { apiVersionOf, type KubernetesObject } from "../resource.ts";
import { schemaOf } from "../schema/built-in.ts";
import type { TypeSchema } from "../schema/type-schema.ts";
import { kindDefinitions } from "./registry.ts";

// A long run looks at many more.
const runs = (some: number) => (process.env.NACRE_LONG ? some * 20 : some);

/** An object of the right types and nothing else: what decoding lets through. */
function anyValue(schema: TypeSchema, choose: (upTo: number) => number, depth: number): Json {
  switch (schema.shape) {
    case "object": {
      const object: JsonObject = {};
      for (const field of schema.fields.values()) {
        if (choose(depth > 2 ? 6 : 2) === 0) object[field.name] = anyValue(field.schema, choose, depth + 1);
      }
      return object;
    }
    case "map":
      return { a: anyElement(schema, choose, depth), "B/c": anyElement(schema, choose, depth) };
    case "list":
      return Array.from({ length: choose(3) }, () => anyElement(schema, choose, depth));
    case "boolean":
      return choose(2) === 0;
    case "int32":
    case "int64":
    case "double":
      return choose(200_000) - 1000;
    case "quantity":
      return ["1", "500m", "64Mi", "-1"][choose(4)] ?? "1";
    case "intOrString":
      return [80, "http", "25%", 0][choose(4)] ?? 0;
    case "time":
    case "microTime":
      return "2026-01-01T00:00:00Z";
    case "either":
    case "any":
      return { x: 1 };
    default:
      return ["", "a", "web.shop", "Not A Name", "10.0.0.1", "Always"][choose(6)] ?? "";
  }
}

function anyElement(schema: TypeSchema, choose: (upTo: number) => number, depth: number): Json {
  const { element } = schema;
  if (element === undefined) return "x";
  // Types that hold themselves have to end somewhere.
  if (depth > 6 && element.shape === "list") return [];
  if (depth > 6 && (element.shape === "object" || element.shape === "map")) return {};
  return anyValue(element, choose, depth + 1);
}

const objects = fc
  .record({ kind: fc.constantFrom(...kindDefinitions), seed: fc.integer() })
  .map(({ kind, seed }) => {
    let state = seed >>> 0;
    const choose = (upTo: number) => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return (state >>> 8) % upTo;
    };
    const schema = must(schemaOf(kind.resource), "every kind has a schema");
    const make = () => {
      const object = anyValue(schema, choose, 0) as KubernetesObject;
      object.apiVersion = apiVersionOf(kind.resource);
      object.kind = kind.resource.kind;
      object.metadata = {
        ...object.metadata,
        name: "a",
        ...(kind.resource.namespaced ? { namespace: "shop" } : {}),
      };
      delete object.metadata.managedFields;
      return object;
    };
    return { kind, schema, object: make(), other: make() };
  });

test("whatever decoding lets through is completed, checked, tracked and shown without falling over", () => {
  fc.assert(
    fc.property(objects, ({ kind, schema, object, other }) => {
      kind.defaults(object);
      const once = cloneJson(object);
      kind.defaults(object);
      assert.deepEqual(object, once, "defaults are idempotent");
      kind.prepareForCreate(object);
      for (const cause of kind.validateCreate(object)) assert.ok(cause.message && cause.field !== undefined);
      trackUpdate(object, { old: undefined, schema, manager: "a", apiVersion: "v1", time: "t" });
      const before = JSON.stringify(object);
      kind.defaults(other);
      kind.prepareForUpdate(other, object);
      kind.validateUpdate(other, object);
      trackUpdate(other, { old: object, schema, manager: "b", apiVersion: "v1", time: "t" });
      for (const subresource of Object.values(kind.subresources)) {
        if (subresource.type === "part") subresource.validateUpdate(other, object);
      }
      assert.equal(JSON.stringify(object), before, "the old object is not changed");
      assert.equal(kind.columns.row(other, 0).length, kind.columns.columns.length);
      kind.storage?.convert?.fromStored(kind.storage.convert.toStored(other));
    }),
    { numRuns: runs(300) },
  );
});

test("an object of any kind can be applied, or is refused as a bad request; applied again it stays", () => {
  fc.assert(
    fc.property(objects, ({ schema, object: configuration, other: live }) => {
      const application = { configuration, schema, manager: "a", apiVersion: "v1", time: "t", force: true };
      let applied: KubernetesObject;
      try {
        applied = applyConfiguration({ ...application, live });
      } catch (error) {
        assert.equal((error as { reason?: string }).reason, "BadRequest");
        return;
      }
      assert.deepEqual(applyConfiguration({ ...application, live: applied, time: "u" }), applied);
    }),
    { numRuns: runs(300) },
  );
});
