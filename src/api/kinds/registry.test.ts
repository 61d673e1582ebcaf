import assert from "node:assert/strict";
import { test } from "node:test";
import { builtInResources } from "../generated/resources.ts";
import { cloneJson } from "../json.ts";
import { apiVersionOf, type KubernetesObject } from "../resource.ts";
import { kindDefinitionOf, kindDefinitions } from "./registry.ts";

const now = Date.parse("2026-01-01T00:00:00Z");

function bare(definition: (typeof kindDefinitions)[number], extra: object = {}): KubernetesObject {
  const { resource } = definition;
  return {
    apiVersion: apiVersionOf(resource),
    kind: resource.kind,
    metadata: { name: "a", ...(resource.namespaced ? { namespace: "shop" } : {}) },
    ...extra,
  };
}

test("every built-in resource has exactly one definition", () => {
  const name = ({ group, version, resource }: { group: string; version: string; resource: string }) =>
    `${group}/${version}/${resource}`;
  assert.deepEqual(
    kindDefinitions.map(({ resource }) => name(resource)).sort(),
    builtInResources.map(name).sort(),
  );
  for (const resource of builtInResources) assert.equal(kindDefinitionOf(resource)?.resource, resource);
});

test("every subresource that discovery names has its behaviour", () => {
  for (const { resource, subresources } of kindDefinitions) {
    const named = resource.subresources.map(({ name }) => name).sort();
    assert.deepEqual(Object.keys(subresources).sort(), named, resource.resource);
  }
});

test("no kind's behaviour falls over an object that has only a name", () => {
  for (const definition of kindDefinitions) {
    for (const extra of [{}, { spec: {} }, { spec: {}, status: {} }]) {
      const object = bare(definition, extra);
      definition.defaults(object);
      definition.prepareForCreate(object);
      assert.ok(Array.isArray(definition.validateCreate(object)), definition.resource.resource);
      const next = cloneJson(object);
      definition.defaults(next);
      definition.prepareForUpdate(next, object);
      definition.validateUpdate(next, object);
      for (const subresource of Object.values(definition.subresources)) {
        if (subresource.type === "part") {
          subresource.prepareForUpdate(next, object);
          subresource.validateUpdate(next, object);
        } else if (subresource.type === "view") subresource.write(subresource.read(object), next);
      }
      assert.equal(definition.columns.row(object, now).length, definition.columns.columns.length);
      for (const read of Object.values(definition.selectableFields))
        assert.equal(typeof read(object), "string");
      definition.deletion.gracePeriodSeconds(object, undefined);
    }
  }
});

test("defaulting is idempotent for every kind", () => {
  for (const definition of kindDefinitions) {
    const object = bare(definition, { spec: {} });
    definition.defaults(object);
    const once = cloneJson(object);
    definition.defaults(object);
    assert.deepEqual(object, once, definition.resource.resource);
  }
});

test("an update that changes nothing changes nothing", () => {
  for (const definition of kindDefinitions) {
    const stored = bare(definition, { spec: {} });
    definition.defaults(stored);
    definition.prepareForCreate(stored);
    const next = cloneJson(stored);
    definition.defaults(next);
    definition.prepareForUpdate(next, stored);
    assert.deepEqual(next, stored, definition.resource.resource);
  }
});

test("columns have a name column, and a converted form survives the way there and back", () => {
  for (const { columns, storage, resource } of kindDefinitions) {
    assert.ok(
      columns.columns.some(({ format }) => format === "name"),
      resource.resource,
    );
    if (storage?.convert === undefined) continue;
    const object = { apiVersion: apiVersionOf(resource), kind: resource.kind, metadata: { name: "a" } };
    const back = storage.convert.fromStored(storage.convert.toStored(object));
    assert.equal(back.apiVersion, object.apiVersion);
    assert.equal(back.metadata?.name, "a");
  }
});
