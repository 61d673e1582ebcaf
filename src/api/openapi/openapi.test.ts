import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { Reader } from "../protobuf/reader.ts";
import {
  type OpenApiOptions,
  openApiHash,
  openApiV2Document,
  openApiV2Protobuf,
  openApiV3Document,
  openApiV3Index,
} from "./mod.ts";

const at: OpenApiOptions = { pause: () => setImmediate() };

type Schemas = Record<string, { description?: string; properties: Record<string, { description?: string }> }>;

test("the index names every document, with its hash", () => {
  const index = openApiV3Index();
  assert.equal(index["apis/apps/v1"]?.serverRelativeURL, `/openapi/v3/apis/apps/v1?hash=${openApiHash}`);
  assert.ok(index["api/v1"] && index.version && index["apis/apiextensions.k8s.io/v1"]);
});

test("our sentences stand with types and fields", async () => {
  const document = await openApiV3Document("apis/apps/v1", at);
  const schemas = (document as unknown as { components: { schemas: Schemas } }).components.schemas;
  assert.match(schemas["io.k8s.api.apps.v1.Deployment"]?.description ?? "", /^Keeps a number/);
  assert.match(
    schemas["io.k8s.api.apps.v1.DeploymentSpec"]?.properties.replicas?.description ?? "",
    /pods are wanted/,
  );
});

test("there is no document for what is not served", async () => {
  assert.equal(await openApiV3Document("apis/example.com/v1", at), undefined);
  assert.equal(await openApiV3Document("", at), undefined);
});

test("every reference in version 2 leads to a definition", async () => {
  const document = await openApiV2Document(at);
  const definitions = document.definitions as object;
  for (const [, name = ""] of JSON.stringify(document).matchAll(/"\$ref":"#\/definitions\/([^"]+)"/g)) {
    assert.ok(Object.hasOwn(definitions, name), name);
  }
  assert.equal(JSON.stringify(document).includes("components/schemas"), false);
});

test("the protobuf form holds as many paths and definitions as the JSON form", async () => {
  const document = await openApiV2Document(at);
  const counts = countNested(await openApiV2Protobuf(at), [8, 9]);
  assert.equal(counts.get(8), Object.keys(document.paths as object).length);
  assert.equal(counts.get(9), Object.keys(document.definitions as object).length);
});

/** How many length-delimited fields each of the given fields of a message holds. */
function countNested(bytes: Uint8Array, numbers: readonly number[]): Map<number, number> {
  const counts = new Map<number, number>();
  const reader = new Reader(bytes);
  while (reader.hasMore) {
    const tag = reader.varint();
    if (!numbers.includes(tag >> 3)) {
      reader.skip(tag & 7);
      continue;
    }
    const outer = reader.enter();
    for (let count = 1; reader.hasMore; count += 1) {
      reader.skip(reader.varint() & 7);
      counts.set(tag >> 3, count);
    }
    reader.leave(outer);
  }
  return counts;
}
