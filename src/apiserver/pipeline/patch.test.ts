import assert from "node:assert/strict";
import { after, beforeEach, describe, test } from "node:test";
import { testAdmin, testCluster, VirtualClock } from "#testing";
import { asking } from "../testing/ask.ts";

const cluster = await testCluster();
const ask = asking(cluster.server.transport(testAdmin));
after(() => cluster.close());

const deployments = "/apis/apps/v1/namespaces/default/deployments";
const web = `${deployments}/web`;

describe("a deployment", () => {
  beforeEach(async () => {
    await ask(`DELETE ${web}`);
    await ask(`POST ${deployments}`, deployment());
  });

  for (const patchType of ["merge-patch", "strategic-merge-patch"]) {
    test(`a ${patchType} of the status changes the status alone, whatever it names`, async () => {
      const { body: before } = await ask(`GET ${web}`);
      const patch = { spec: { replicas: 9, size: 1 }, status: { replicas: 2 } };
      const { status, body, headers } = await ask(`PATCH ${web}/status`, patch, type(patchType));
      assert.equal(status, 200);
      assert.match(`${headers.warning}`, /unknown field \\"spec\.size/);
      assert.deepEqual([body.spec, body.status], [before.spec, { replicas: 2 }]);
      assert.equal(body.metadata?.generation, before.metadata?.generation);
    });
  }

  test("a JSON patch of the status may test what it does not change", async () => {
    const isTwo = { op: "test", path: "/spec/replicas", value: 2 };
    const observe = { op: "add", path: "/status", value: { observedGeneration: 1 } };
    const { body } = await ask(`PATCH ${web}/status`, [isTwo, observe], type("json-patch"));
    assert.deepEqual(body.status, { observedGeneration: 1 });
  });

  test("a JSON patch applies its operations in order, all or none", async () => {
    const operations = [
      { op: "test", path: "/spec/replicas", value: 2 },
      { op: "replace", path: "/spec/replicas", value: 3 },
    ];
    const { status, body } = await ask(`PATCH ${web}`, operations, type("json-patch"));
    assert.equal(status, 200);
    assert.equal(body.spec?.replicas, 3);
    assert.equal((await ask(`PATCH ${web}`, operations, type("json-patch"))).status, 422);
    assert.equal((await ask(`GET ${web}`)).body.spec?.replicas, 3);
  });

  test("a merge patch replaces lists, a strategic one merges them by their key", async () => {
    const added = { spec: { template: { spec: { containers: [{ name: "sidecar", image: "s:1" }] } } } };
    const strategic = await ask(`PATCH ${web}`, added, type("strategic-merge-patch"));
    assert.deepEqual(namesOf(strategic.body).sort(), ["app", "sidecar"]);
    const merged = await ask(`PATCH ${web}`, added, type("merge-patch"));
    assert.deepEqual(namesOf(merged.body), ["sidecar"]);
  });

  test("a changed spec counts the generation up, a label does not", async () => {
    const labelled = await ask(`PATCH ${web}`, { metadata: { labels: { a: "b" } } }, type("merge-patch"));
    assert.equal(labelled.body.metadata?.generation, 1);
    const scaled = await ask(`PATCH ${web}`, { spec: { replicas: 9 } }, type("merge-patch"));
    assert.equal(scaled.body.metadata?.generation, 2);
  });

  test("a patch that names a version fails when it is stale", async () => {
    const patch = { metadata: { resourceVersion: "1" }, spec: { replicas: 5 } };
    assert.equal((await ask(`PATCH ${web}`, patch, type("merge-patch"))).status, 409);
  });

  test("apply creates, owns its fields, and takes away what it no longer mentions", async () => {
    const path = "/api/v1/namespaces/default/configmaps/applied?fieldManager=me";
    const yaml = (data: string) =>
      `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: applied\ndata:\n${data}`;
    const first = await ask(`PATCH ${path}`, yaml('  a: "1"\n  b: "1"\n'), apply);
    assert.equal(first.status, 201);
    const second = await ask(`PATCH ${path}`, yaml('  a: "2"\n'), apply);
    assert.equal(second.status, 200);
    assert.deepEqual(second.body.data, { a: "2" });
    const [entry, ...others] = second.body.metadata?.managedFields ?? [];
    assert.deepEqual([entry?.manager, entry?.operation, others], ["me", "Apply", []]);
  });

  test("applying the same again changes nothing", async () => {
    const applied = { apiVersion: "apps/v1", kind: "Deployment", spec: { replicas: 7 } };
    const line = `PATCH ${web}?fieldManager=me&force=true`;
    const { body } = await ask(line, applied, apply);
    assert.equal(body.spec?.replicas, 7);
    const before = cluster.store.revision;
    assert.deepEqual((await ask(line, applied, apply)).body, body);
    assert.equal(cluster.store.revision, before);
  });

  test("apply conflicts with the owner of a field unless it forces its way", async () => {
    const applied = { apiVersion: "apps/v1", kind: "Deployment", spec: { replicas: 7 } };
    const { status, body } = await ask(`PATCH ${web}?fieldManager=me`, applied, apply);
    assert.equal(status, 409);
    assert.match(body.message ?? "", /conflict with "test".*\.spec\.replicas/s);
    assert.equal(body.details?.causes?.[0]?.field, ".spec.replicas");
    assert.equal((await ask(`PATCH ${web}`, applied, apply)).status, 400);
  });

  test("scale is a view of the deployment: what is written there is read here", async () => {
    const { body } = await ask(`GET ${web}/scale`);
    assert.equal(body.kind, "Scale");
    assert.equal(body.spec?.replicas, 2);
    const put = await ask(`PUT ${web}/scale`, { ...body, spec: { replicas: 4 } });
    assert.equal(put.body.spec?.replicas, 4);
    const patched = await ask(`PATCH ${web}/scale`, { spec: { replicas: 6 } }, type("merge-patch"));
    assert.equal(patched.body.spec?.replicas, 6);
    assert.equal((await ask(`GET ${web}`)).body.spec?.replicas, 6);
    assert.equal((await ask(`PUT ${web}/scale`, { ...body, spec: { replicas: 1 } })).status, 409);
    assert.equal(
      (await ask(`PATCH ${web}/scale`, { spec: { replicas: -1 } }, type("merge-patch"))).status,
      422,
    );
  });

  test("a patch of an unknown type is refused", async () => {
    const { status, body } = await ask(`PATCH ${web}`, {}, { "content-type": "application/json" });
    assert.equal(status, 415);
    assert.equal(body.reason, "UnsupportedMediaType");
  });
});

const apply = { "content-type": "application/apply-patch+yaml" };

function type(name: string): Record<string, string> {
  return { "content-type": `application/${name}+json` };
}

function deployment(): object {
  return {
    metadata: { name: "web" },
    spec: {
      replicas: 2,
      selector: { matchLabels: { app: "web" } },
      template: {
        metadata: { labels: { app: "web" } },
        spec: { containers: [{ name: "app", image: "a:1" }] },
      },
    },
  };
}

function namesOf(body: { spec?: Record<string, unknown> }): string[] {
  const template = body.spec?.template as { spec: { containers: { name: string }[] } };
  return template.spec.containers.map((container) => container.name);
}

test("applying the same again later writes nothing, not even where the server fills in defaults", async () => {
  const clock = new VirtualClock();
  const later = await testCluster({ clock });
  const askLater = asking(later.server.transport(testAdmin));
  const path = "/api/v1/namespaces/default/limitranges/same?fieldManager=test";
  const limits = [{ type: "Container", default: { cpu: "1" } }];
  const range = { apiVersion: "v1", kind: "LimitRange", metadata: { name: "same" }, spec: { limits } };
  const apply = { "content-type": "application/apply-patch+yaml" };
  const first = await askLater(`PATCH ${path}`, range, apply);
  const between = later.store.revision;
  await clock.advance(5000);
  const second = await askLater(`PATCH ${path}`, range, apply);
  assert.deepEqual([first.status, second.status], [201, 200]);
  assert.equal(later.store.revision, between);
  await later.close();
});
