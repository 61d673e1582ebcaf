import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { ApiError } from "#base";
import type { Deployment } from "../generated/types.ts";
import { cloneJson, type JsonObject } from "../json.ts";
import type { KubernetesObject } from "../resource.ts";
import { schemaOf } from "../schema/built-in.ts";
import type { TypeSchema } from "../schema/type-schema.ts";
import { type Application, applyConfiguration } from "./apply-configuration.ts";
import { type FieldSet, formatPath, paths } from "./field-set.ts";
import { trackUpdate } from "./track-update.ts";

const schema = schemaOf({ group: "apps", version: "v1", kind: "Deployment" }) as TypeSchema;

function deployment(
  replicas: number | undefined,
  containers: JsonObject[] = [{ name: "web", image: "web:1" }],
): Deployment {
  const object = {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "web", namespace: "shop", labels: { app: "web" } },
    spec: { ...(replicas === undefined ? {} : { replicas }), template: { spec: { containers } } },
  };
  return object as unknown as Deployment;
}

function apply(
  live: KubernetesObject | undefined,
  configuration: KubernetesObject,
  more: Partial<Application> = {},
) {
  return applyConfiguration({
    live,
    configuration,
    schema,
    manager: "alice",
    apiVersion: "apps/v1",
    time: "2026-01-01T00:00:00Z",
    ...more,
  }) as Deployment;
}

function update(
  old: KubernetesObject | undefined,
  object: KubernetesObject,
  manager: string,
  time = "2026-01-02T00:00:00Z",
) {
  const written = cloneJson(object);
  trackUpdate(written, { old, schema, manager, apiVersion: "apps/v1", time });
  return written as Deployment;
}

function fieldsOf(object: KubernetesObject, manager: string): string[] {
  const entry = object.metadata?.managedFields?.find((each) => each.manager === manager);
  return entry === undefined ? [] : [...paths(entry.fieldsV1 as unknown as FieldSet)].map(formatPath);
}

test("an apply that creates owns exactly what it says, and no identity", () => {
  const created = apply(undefined, deployment(3));
  assert.deepEqual(fieldsOf(created, "alice"), [
    ".metadata.labels.app",
    ".spec.replicas",
    '.spec.template.spec.containers[name="web"]',
    '.spec.template.spec.containers[name="web"].name',
    '.spec.template.spec.containers[name="web"].image',
  ]);
  assert.deepEqual(created.metadata?.managedFields?.[0]?.operation, "Apply");
});

test("a field that another manager changed is a conflict in kubectl's words", () => {
  const created = apply(undefined, deployment(3));
  const scaled = update(created, deployment(5), "kubectl");
  assert.throws(
    () => apply(scaled, deployment(3)),
    (error: ApiError) => {
      assert.equal(
        error.message,
        'Apply failed with 1 conflict: conflict with "kubectl" using apps/v1: .spec.replicas',
      );
      assert.equal(error.reason, "Conflict");
      assert.deepEqual(error.details?.causes, [
        {
          reason: "FieldManagerConflict",
          message: 'conflict with "kubectl" using apps/v1',
          field: ".spec.replicas",
        },
      ]);
      return true;
    },
  );
});

test("several conflicts are listed by manager", () => {
  const created = apply(undefined, deployment(3));
  assert.throws(() => apply(created, deployment(4, [{ name: "web", image: "web:2" }]), { manager: "bob" }), {
    message:
      'Apply failed with 2 conflicts: conflicts with "alice":\n- .spec.replicas\n- .spec.template.spec.containers[name="web"].image',
  });
});

test("force takes the field over", () => {
  const scaled = update(apply(undefined, deployment(3)), deployment(5), "kubectl");
  const forced = apply(scaled, deployment(3), { force: true });
  assert.equal(forced.spec?.replicas, 3);
  assert.deepEqual(fieldsOf(forced, "kubectl"), []);
  assert.ok(fieldsOf(forced, "alice").includes(".spec.replicas"));
});

test("the same value applied by two managers is shared, not a conflict", () => {
  const both = apply(apply(undefined, deployment(3)), deployment(3), { manager: "bob" });
  assert.ok(fieldsOf(both, "alice").includes(".spec.replicas"));
  assert.ok(fieldsOf(both, "bob").includes(".spec.replicas"));
  assert.equal(apply(both, deployment(undefined)).spec?.replicas, 3, "bob still owns it");
});

test("a field that its only owner drops is removed", () => {
  const dropped = apply(apply(undefined, deployment(3)), deployment(undefined));
  assert.equal(dropped.spec?.replicas, undefined);
});

test("an element that its only owner drops is removed, the others stay", () => {
  const two = apply(
    undefined,
    deployment(1, [
      { name: "web", image: "a" },
      { name: "log", image: "b" },
    ]),
  );
  const one = apply(two, deployment(1, [{ name: "web", image: "a" }]));
  assert.deepEqual(
    one.spec?.template?.spec?.containers?.map((container) => container.name),
    ["web"],
  );
});

test("what nobody applied stays when an apply drops its neighbours", () => {
  const created = apply(undefined, deployment(3));
  const labelled = cloneJson(created);
  Object.assign(labelled.metadata?.labels ?? {}, { team: "red" });
  const live = update(created, labelled, "kubectl");
  const without = deployment(3);
  delete without.metadata?.labels;
  assert.deepEqual(apply(live, without).metadata?.labels, { team: "red" });
});

test("an update owns what it changes, and nobody owns what it removes", () => {
  const created = apply(undefined, deployment(3));
  const changed = cloneJson(created);
  delete changed.spec?.replicas;
  changed.metadata = { ...changed.metadata, annotations: { note: "x" } };
  const updated = update(created, changed, "kubectl");
  assert.deepEqual(fieldsOf(updated, "kubectl"), [".metadata.annotations", ".metadata.annotations.note"]);
  assert.ok(!fieldsOf(updated, "alice").includes(".spec.replicas"));
});

test("an update that changes nothing leaves the entries as they are", () => {
  const created = apply(undefined, deployment(3));
  assert.deepEqual(
    update(created, created, "kubectl").metadata?.managedFields,
    created.metadata?.managedFields,
  );
});

test("a client that drops managed fields does not make them forgotten; one empty entry does", () => {
  const created = apply(undefined, deployment(3));
  const without = cloneJson(created);
  delete without.metadata?.managedFields;
  assert.deepEqual(
    update(created, without, "kubectl").metadata?.managedFields,
    created.metadata?.managedFields,
  );
  const reset = cloneJson(created);
  if (reset.metadata) reset.metadata.managedFields = [{}];
  assert.equal(update(created, reset, "kubectl").metadata?.managedFields, undefined);
});

test("updates of one manager are one entry, with the newest time", () => {
  const first = update(undefined, deployment(1), "kubectl", "2026-01-01T00:00:00Z");
  const second = update(first, deployment(2), "kubectl", "2026-01-03T00:00:00Z");
  assert.equal(second.metadata?.managedFields?.length, 1);
  assert.equal(second.metadata?.managedFields?.[0]?.time, "2026-01-03T00:00:00Z");
});

test("beyond ten managers that update, the oldest become ancient changes", () => {
  let object = update(undefined, deployment(1), "m00", "2026-01-01T00:00:00Z");
  for (let index = 1; index < 14; index++) {
    const next = cloneJson(object);
    next.metadata = {
      ...next.metadata,
      annotations: { ...next.metadata?.annotations, [`key-${index}`]: "x" },
    };
    object = update(
      object,
      next,
      `m${String(index).padStart(2, "0")}`,
      `2026-01-${String(index + 1).padStart(2, "0")}T00:00:00Z`,
    );
  }
  const names = object.metadata?.managedFields?.map((entry) => entry.manager) ?? [];
  assert.equal(names.length, 10);
  assert.equal(names[0], "ancient-changes");
  assert.ok(fieldsOf(object, "ancient-changes").includes(".spec.replicas"));
});

test("a configuration whose list elements lack their key is refused", () => {
  assert.throws(() => apply(undefined, deployment(1, [{ image: "web" }])), /omits key field "name"/);
});

test("ports are told apart by number and protocol, TCP when not said", () => {
  for (const tcp of [{ containerPort: 80 }, { containerPort: 80, protocol: "" }]) {
    const ports = [tcp, { containerPort: 80, protocol: "UDP" }];
    const created = apply(undefined, deployment(1, [{ name: "web", ports }]));
    assert.ok(
      fieldsOf(created, "alice").includes(
        '.spec.template.spec.containers[name="web"].ports[containerPort=80,protocol="TCP"]',
      ),
    );
  }
});

const containers = fc.uniqueArray(
  fc.record(
    { name: fc.constantFrom("a", "b", "c", "d"), image: fc.constantFrom("x", "y") },
    { noNullPrototype: true },
  ),
  { selector: (container) => container.name, minLength: 1 },
);
const labels = fc.dictionary(fc.constantFrom("p", "q", "r"), fc.constantFrom("1", "2"), {
  noNullPrototype: true,
});
const configurations = fc
  .record({ replicas: fc.option(fc.nat(5), { nil: undefined }), containers, labels })
  .map(({ replicas, containers: list, labels: own }) => {
    const configuration = deployment(replicas, list as unknown as JsonObject[]);
    if (configuration.metadata) configuration.metadata.labels = own;
    return configuration;
  });

test("applying the same twice changes nothing", () => {
  fc.assert(
    fc.property(configurations, configurations, (first, second) => {
      const live = apply(apply(undefined, first), second, { manager: "bob", force: true });
      const once = apply(live, first, { force: true, time: "2026-02-01T00:00:00Z" });
      const twice = apply(once, first, { force: true, time: "2026-03-01T00:00:00Z" });
      assert.deepEqual(twice, once);
    }),
  );
});

test("after an apply the object holds what was applied, and nothing that only its manager once applied", () => {
  fc.assert(
    fc.property(configurations, configurations, (first, second) => {
      const result = apply(apply(undefined, first), second);
      assert.equal(result.spec?.replicas, second.spec?.replicas);
      assert.deepEqual(result.metadata?.labels ?? {}, second.metadata?.labels);
      assert.deepEqual(result.spec?.template?.spec?.containers, second.spec?.template?.spec?.containers);
    }),
  );
});

test("neither the live object nor the configuration is changed", () => {
  fc.assert(
    fc.property(configurations, configurations, (first, second) => {
      const live = apply(undefined, first);
      const before = JSON.stringify([live, second]);
      apply(live, second);
      assert.equal(JSON.stringify([live, second]), before);
    }),
  );
});

test("sets of fields are shared as long as nothing in them changes", () => {
  const nodeOf = (object: KubernetesObject) => object.metadata?.managedFields?.[0]?.fieldsV1;
  const created = update(undefined, deployment(1), "bob");
  const rewritten = update(created, deployment(2), "bob");
  assert.equal(nodeOf(rewritten), nodeOf(created), "bob owned the replicas already");
  const labelled = cloneJson(rewritten);
  labelled.metadata = { ...rewritten.metadata, labels: { app: "web", tier: "front" } };
  trackUpdate(labelled, {
    old: rewritten,
    schema,
    manager: "alice",
    apiVersion: "apps/v1",
    time: "2026-01-03T00:00:00Z",
  });
  assert.equal(nodeOf(labelled), nodeOf(rewritten), "what alice adds was nobody's");
});
