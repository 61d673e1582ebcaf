import assert from "node:assert/strict";
import { test } from "node:test";
import { tables } from "../generated/tables.ts";
import { schemaOf, schemaOfType } from "./built-in.ts";
import type { TypeSchema } from "./type-schema.ts";

function field(type: string, path: string): TypeSchema {
  return path.split(".").reduce((schema, name) => {
    const found = schema.fields.get(name)?.schema;
    assert.ok(found, `${type} has no ${path}`);
    return found;
  }, schemaOfType(type));
}

test("lists merge by their keys, sets by value, and what is atomic as one", () => {
  assert.deepEqual(
    [field("core.v1.Pod", "spec.containers").merge, field("core.v1.Pod", "spec.containers").keys],
    ["associative", ["name"]],
  );
  assert.deepEqual(field("core.v1.Container", "ports").keys, ["containerPort", "protocol"]);
  assert.equal(field("core.v1.Pod", "metadata.finalizers").merge, "set");
  assert.equal(field("core.v1.Pod", "spec.nodeSelector").merge, "atomic");
  assert.equal(field("core.v1.Pod", "metadata.labels").merge, "granular");
  assert.equal(field("core.v1.Container", "args").merge, "atomic");
  assert.equal(field("apps.v1.Deployment", "spec.selector").merge, "atomic");
  assert.equal(field("core.v1.PersistentVolume", "spec.claimRef").merge, "granular");
});

test("strategic merge rules stand with the field", () => {
  const volumes = schemaOfType("core.v1.PodSpec").fields.get("volumes");
  assert.deepEqual(volumes?.patch, { merge: true, replace: false, retainKeys: true, mergeKey: "name" });
  const strategy = schemaOfType("apps.v1.DeploymentSpec").fields.get("strategy");
  assert.deepEqual(strategy?.patch, { merge: false, replace: false, retainKeys: true, mergeKey: undefined });
});

test("options and status belong to every group, custom ones too", () => {
  assert.equal(
    schemaOf({ group: "example.com", version: "v1", kind: "DeleteOptions" })?.name,
    "v1.DeleteOptions",
  );
  assert.equal(schemaOf({ group: "example.com", version: "v1", kind: "Pod" }), undefined);
  assert.equal(
    schemaOf({ group: "", version: "v1", kind: "PodSpec" }),
    undefined,
    "a part of a kind is no kind",
  );
});

test("every type of the tables compiles, with all that it refers to", () => {
  for (const [owner, { types }] of Object.entries(tables)) {
    for (const type of Object.keys(types)) {
      for (const { schema } of schemaOfType(`${owner}.${type}`).fields.values())
        assert.ok((schema.element ?? schema).fields);
    }
  }
});
