import assert from "node:assert/strict";
import { test } from "node:test";
import { must } from "#base";
import type { JsonObject } from "../json.ts";
import { schemaOf } from "../schema/built-in.ts";
import { applyStrategicMergePatch } from "./strategic-merge-patch.ts";

const schema = must(schemaOf({ group: "", version: "v1", kind: "Pod" }), "pods have a schema");
const deploymentSchema = must(
  schemaOf({ group: "apps", version: "v1", kind: "Deployment" }),
  "deployments have a schema",
);

function pod(spec: JsonObject, metadata: JsonObject = { name: "p" }): JsonObject {
  return { apiVersion: "v1", kind: "Pod", metadata, spec };
}

function patched(spec: JsonObject, patch: JsonObject): JsonObject {
  return applyStrategicMergePatch(pod(spec), { spec: patch }, schema).spec as JsonObject;
}

test("containers merge by name, and a new one is added", () => {
  const containers = [
    { name: "a", image: "1", tty: true },
    { name: "b", image: "1" },
  ];
  assert.deepEqual(
    patched(
      { containers },
      {
        containers: [
          { name: "b", image: "2" },
          { name: "c", image: "3" },
        ],
      },
    ),
    {
      containers: [
        { name: "a", image: "1", tty: true },
        { name: "b", image: "2" },
        { name: "c", image: "3" },
      ],
    },
  );
});

test("an element marked for deletion goes, and null removes a field", () => {
  const containers = [{ name: "a", image: "1", tty: true }, { name: "b" }];
  const patch = {
    containers: [
      { name: "b", $patch: "delete" },
      { name: "a", tty: null },
    ],
  };
  assert.deepEqual(patched({ containers }, patch), { containers: [{ name: "a", image: "1" }] });
});

test("a list or an object marked for replacement is replaced", () => {
  const containers = [{ name: "a" }, { name: "b" }];
  assert.deepEqual(patched({ containers }, { containers: [{ name: "c" }, { $patch: "replace" }] }), {
    containers: [{ name: "c" }],
  });
  assert.deepEqual(
    patched({ securityContext: { runAsUser: 1 } }, { securityContext: { $patch: "replace", runAsGroup: 2 } }),
    {
      securityContext: { runAsGroup: 2 },
    },
  );
  assert.deepEqual(
    patched({ securityContext: { runAsUser: 1 } }, { securityContext: { $patch: "delete" } }),
    {
      securityContext: {},
    },
  );
});

test("a list without a merge key is replaced", () => {
  const spec = { containers: [{ name: "a", args: ["1", "2"] }] };
  assert.deepEqual(patched(spec, { containers: [{ name: "a", args: ["3"] }] }), {
    containers: [{ name: "a", args: ["3"] }],
  });
});

test("$retainKeys drops the fields it does not name", () => {
  const volumes = [{ name: "v", emptyDir: {} }];
  const patch = { volumes: [{ name: "v", $retainKeys: ["name", "hostPath"], hostPath: { path: "/x" } }] };
  assert.deepEqual(patched({ volumes }, patch), { volumes: [{ name: "v", hostPath: { path: "/x" } }] });
  assert.throws(
    () => patched({ volumes }, { volumes: [{ name: "v", $retainKeys: ["name"], nfs: {} }] }),
    /\$retainKeys/,
  );
});

test("a strategy's change of type drops the other type's settings, as kubectl sends it", () => {
  const live = { spec: { strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 1 } } } };
  const patch = { spec: { strategy: { $retainKeys: ["type"], type: "Recreate" } } };
  assert.deepEqual(applyStrategicMergePatch(live, patch, deploymentSchema), {
    spec: { strategy: { type: "Recreate" } },
  });
});

test("lists of plain values merge as sets, and values are deleted from them", () => {
  const live = pod({}, { name: "p", finalizers: ["a", "b"] });
  const merged = applyStrategicMergePatch(live, { metadata: { finalizers: ["c"] } }, schema);
  assert.deepEqual((merged.metadata as JsonObject).finalizers, ["a", "b", "c"]);
  const deleted = applyStrategicMergePatch(
    live,
    { metadata: { "$deleteFromPrimitiveList/finalizers": ["a"] } },
    schema,
  );
  assert.deepEqual((deleted.metadata as JsonObject).finalizers, ["b"]);
});

test("$setElementOrder orders what it names and keeps the rest in place", () => {
  const containers = [{ name: "a" }, { name: "x" }, { name: "b" }];
  const patch = {
    "$setElementOrder/containers": [{ name: "b" }, { name: "a" }],
    containers: [{ name: "b", image: "2" }],
  };
  const names = (patched({ containers }, patch).containers as JsonObject[]).map(({ name }) => name);
  assert.deepEqual(names, ["x", "b", "a"]);
});

test("directives never end up in the object", () => {
  const text = JSON.stringify(
    patched(
      {},
      {
        "$setElementOrder/containers": [{ name: "a" }],
        containers: [
          { name: "a", $retainKeys: ["name"] },
          { name: "z", $patch: "delete" },
        ],
        securityContext: { $patch: "replace", seLinuxOptions: { $patch: "merge", level: "1" } },
      },
    ),
  );
  assert.ok(!text.includes("$"), text);
});

test("an element without its merge key, or an unknown directive, is refused", () => {
  assert.throws(
    () => patched({}, { containers: [{ image: "x" }] }),
    /does not contain declared merge key: name/,
  );
  assert.throws(() => patched({}, { securityContext: { $patch: "explode" } }), { reason: "BadRequest" });
  assert.throws(() => applyStrategicMergePatch({}, [], schema), { reason: "BadRequest" });
});

test("ports merge by number, as in kubectl", () => {
  const spec = { containers: [{ name: "a", ports: [{ containerPort: 80, protocol: "TCP" }] }] };
  const patch = {
    containers: [{ name: "a", ports: [{ containerPort: 80, name: "http" }, { containerPort: 81 }] }],
  };
  assert.deepEqual(patched(spec, patch), {
    containers: [
      { name: "a", ports: [{ containerPort: 80, protocol: "TCP", name: "http" }, { containerPort: 81 }] },
    ],
  });
});
