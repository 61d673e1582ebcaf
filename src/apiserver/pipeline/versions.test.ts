import assert from "node:assert/strict";
import { after, test } from "node:test";
import { testAdmin, testCluster } from "#testing";
import { asking } from "../testing/ask.ts";

const cluster = await testCluster();
const ask = asking(cluster.server.transport(testAdmin));
after(() => cluster.close());

test("an event is one object under two groups, each with its own words", async () => {
  const core = "/api/v1/namespaces/default/events";
  const group = "/apis/events.k8s.io/v1/namespaces/default/events";
  const { status } = await ask(`POST ${core}`, {
    metadata: { name: "pulled" },
    involvedObject: { kind: "Pod", name: "web", namespace: "default" },
    message: "Pulled the image",
    reason: "Pulled",
    type: "Normal",
    source: { component: "kubelet" },
  });
  assert.equal(status, 201);
  const seen = (await ask(`GET ${group}/pulled`)).body as unknown as Record<string, unknown>;
  assert.equal(seen.apiVersion, "events.k8s.io/v1");
  assert.equal(seen.note, "Pulled the image");
  assert.equal((seen.regarding as { name: string }).name, "web");
  const { body } = await ask(`GET ${group}?fieldSelector=reason%3DPulled`);
  assert.equal(body.items?.length, 1);
  assert.equal(
    body.metadata?.resourceVersion,
    (seen.metadata as { resourceVersion: string }).resourceVersion,
  );
  await ask(`DELETE ${group}/pulled`);
  assert.equal((await ask(`GET ${core}/pulled`)).status, 404);
});

test("an autoscaler is one object in two versions", async () => {
  const at = (version: string) => `/apis/autoscaling/${version}/namespaces/default/horizontalpodautoscalers`;
  const { status } = await ask(`POST ${at("v1")}`, {
    metadata: { name: "web" },
    spec: {
      maxReplicas: 5,
      scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "web" },
      targetCPUUtilizationPercentage: 70,
    },
  });
  assert.equal(status, 201);
  const { body } = await ask(`GET ${at("v2")}/web`);
  assert.equal(body.apiVersion, "autoscaling/v2");
  const [metric] = (body.spec?.metrics ?? []) as { resource: { target: { averageUtilization: number } } }[];
  assert.equal(metric?.resource.target.averageUtilization, 70);
  const changed = await ask(
    `PATCH ${at("v2")}/web`,
    { spec: { maxReplicas: 9 } },
    { "content-type": "application/merge-patch+json" },
  );
  assert.equal(changed.status, 200);
  assert.equal((await ask(`GET ${at("v1")}/web`)).body.spec?.maxReplicas, 9);
});
