import assert from "node:assert/strict";
import { after, test } from "node:test";
import { testAdmin, testCluster } from "#testing";
import { asking, type Body, podNamed } from "../testing/ask.ts";

const cluster = await testCluster();
const ask = asking(cluster.server.transport(testAdmin));
after(() => cluster.close());

const pods = "/api/v1/namespaces/default/pods";
const budgets = "/apis/policy/v1/namespaces/default/poddisruptionbudgets";
const merge = { "content-type": "application/merge-patch+json" };

/** A pod on a node, labelled by its name; it runs and is ready unless said otherwise. */
async function runningPod(name: string, { phase = "Running", ready = "True" } = {}): Promise<void> {
  await ask(
    `POST ${pods}`,
    podNamed(name, { metadata: { labels: { app: name } }, spec: { nodeName: "n1" } }),
  );
  const status = { phase, conditions: [{ type: "Ready", status: ready }] };
  await ask(`PATCH ${pods}/${name}/status`, { status }, merge);
}

/** A budget for the pods of a label, as its controller would leave it. */
async function budgetFor(name: string, status: object, spec: object = {}): Promise<void> {
  const selector = { matchLabels: { app: name } };
  await ask(`POST ${budgets}`, { metadata: { name }, spec: { minAvailable: 1, selector, ...spec } });
  const observed = { observedGeneration: 1, ...status };
  await ask(`PATCH ${budgets}/${name}/status`, { status: observed }, merge);
}

function evict(name: string, deleteOptions: object = {}, query = "") {
  const eviction = { apiVersion: "policy/v1", kind: "Eviction", metadata: { name }, deleteOptions };
  return ask(`POST ${pods}/${name}/eviction${query}`, eviction);
}

const statusOf = async (name: string) =>
  (await ask(`GET ${budgets}/${name}`)).body.status as Record<string, unknown>;
const isLeaving = async (name: string) =>
  (await ask(`GET ${pods}/${name}`)).body.metadata?.deletionTimestamp !== undefined;
const causeOf = (body: Body) =>
  body.details?.causes?.[0] as { reason?: string; message?: string } | undefined;

test("an eviction that a budget allows is taken off it, and the pod says why it goes", async () => {
  await runningPod("allowed");
  await budgetFor("allowed", {
    disruptionsAllowed: 1,
    currentHealthy: 2,
    desiredHealthy: 1,
    expectedPods: 2,
  });
  const { status, body } = await evict("allowed", { gracePeriodSeconds: 7 });
  assert.deepEqual([status, body.status], [201, "Success"]);
  const left = await statusOf("allowed");
  assert.equal(left.disruptionsAllowed, 0);
  assert.deepEqual(Object.keys(left.disruptedPods as object), ["allowed"]);
  assert.equal((left.conditions as { reason: string }[])[0]?.reason, "InsufficientPods");
  const pod = (await ask(`GET ${pods}/allowed`)).body;
  assert.equal(pod.metadata?.deletionGracePeriodSeconds, 7);
  const { conditions } = pod.status as { conditions: { type: string; reason?: string }[] };
  assert.equal(conditions.find(({ type }) => type === "DisruptionTarget")?.reason, "EvictionByEvictionAPI");
});

test("a budget that is used up refuses in the words that kubectl drain waits for", async () => {
  await runningPod("needed");
  await budgetFor("needed", { disruptionsAllowed: 0, currentHealthy: 1, desiredHealthy: 1, expectedPods: 1 });
  const { status, body } = await evict("needed");
  assert.deepEqual([status, body.reason], [429, "TooManyRequests"]);
  assert.equal(body.message, "Cannot evict pod as it would violate the pod's disruption budget.");
  assert.deepEqual(causeOf(body), {
    reason: "DisruptionBudget",
    message: "The disruption budget needed needs 1 healthy pods and has 1 currently",
  });
  assert.equal(await isLeaving("needed"), false);
});

test("a budget that its controller has not yet seen refuses for a while", async () => {
  await runningPod("unseen");
  await budgetFor("unseen", { observedGeneration: 0, disruptionsAllowed: 5 });
  const { status, headers, body } = await evict("unseen");
  assert.deepEqual([status, headers["retry-after"]], [429, "10"]);
  assert.match(causeOf(body)?.message ?? "", /still being processed/);
});

test("a dry run asks the budget and changes nothing", async () => {
  await runningPod("dry");
  await budgetFor("dry", { disruptionsAllowed: 1, currentHealthy: 2, desiredHealthy: 1 });
  const revision = cluster.store.revision;
  assert.equal((await evict("dry", { dryRun: ["All"] })).status, 201);
  assert.equal((await evict("dry", {}, "?dryRun=All")).status, 201);
  assert.equal(cluster.store.revision, revision);
  await ask(`PATCH ${budgets}/dry/status`, { status: { disruptionsAllowed: 0 } }, merge);
  assert.equal((await evict("dry", { dryRun: ["All"] })).status, 429);
});

test("pods that are pending, have ended or leave are nobody's loss", async () => {
  for (const phase of ["Pending", "Succeeded", "Failed"]) {
    const name = `is-${phase.toLowerCase()}`;
    await runningPod(name, { phase });
    await budgetFor(name, { disruptionsAllowed: 0, currentHealthy: 0, desiredHealthy: 1 });
    assert.equal((await evict(name)).status, 201, phase);
    // One that has ended is gone at once; the other has its grace period, and may be evicted again meanwhile.
    assert.equal((await evict(name)).status, phase === "Pending" ? 201 : 404, `${phase}, again`);
    assert.equal((await statusOf(name)).disruptedPods, undefined);
  }
});

test("a pod that is not ready goes when enough others are, or when the policy does not mind", async () => {
  const sick = { ready: "False" };
  await runningPod("sick", sick);
  await budgetFor("sick", { disruptionsAllowed: 0, currentHealthy: 0, desiredHealthy: 1 });
  assert.equal((await evict("sick")).status, 429);
  await ask(`PATCH ${budgets}/sick/status`, { status: { currentHealthy: 1 } }, merge);
  assert.equal((await evict("sick")).status, 201);
  assert.equal((await statusOf("sick")).disruptedPods, undefined);

  await runningPod("unminded", sick);
  const empty = { disruptionsAllowed: 0, currentHealthy: 0, desiredHealthy: 1 };
  await budgetFor("unminded", empty, { unhealthyPodEvictionPolicy: "AlwaysAllow" });
  assert.equal((await evict("unminded")).status, 201);
});

test("two budgets for one pod are a mistake that is told", async () => {
  await runningPod("twice");
  const status = { disruptionsAllowed: 1, currentHealthy: 2, desiredHealthy: 1 };
  await budgetFor("twice", status);
  const selector = { matchLabels: { app: "twice" } };
  await ask(`POST ${budgets}`, { metadata: { name: "twice-more" }, spec: { minAvailable: 1, selector } });
  const { status: code, body } = await evict("twice");
  assert.equal(code, 500);
  assert.match(body.message ?? "", /more than one PodDisruptionBudget/);
});

test("preconditions protect another pod of the same name, and the budget with it", async () => {
  await runningPod("guarded");
  await budgetFor("guarded", { disruptionsAllowed: 1, currentHealthy: 2, desiredHealthy: 1 });
  assert.equal((await evict("guarded", { preconditions: { uid: "another" } })).status, 409);
  assert.equal((await evict("guarded", { preconditions: { resourceVersion: "1" } })).status, 409);
  assert.equal((await statusOf("guarded")).disruptionsAllowed, 1);
  const { metadata } = (await ask(`GET ${pods}/guarded`)).body;
  const preconditions = { uid: metadata?.uid, resourceVersion: metadata?.resourceVersion };
  assert.equal((await evict("guarded", { preconditions })).status, 201);
});

test("many evictions at once never take more from a budget than it has", async () => {
  const names = Array.from({ length: 12 }, (_, at) => `crowd-${at}`);
  for (const name of names) {
    await ask(
      `POST ${pods}`,
      podNamed(name, { metadata: { labels: { app: "crowd" } }, spec: { nodeName: "n1" } }),
    );
    const status = { phase: "Running", conditions: [{ type: "Ready", status: "True" }] };
    await ask(`PATCH ${pods}/${name}/status`, { status }, merge);
  }
  await budgetFor("crowd", { disruptionsAllowed: 5, currentHealthy: 12, desiredHealthy: 7 });
  const answers = await Promise.all(names.map((name) => evict(name)));
  assert.equal(answers.filter(({ status }) => status === 201).length, 5);
  assert.equal(answers.filter(({ status }) => status === 429).length, 7);
  const left = await statusOf("crowd");
  assert.equal(left.disruptionsAllowed, 0);
  assert.equal(Object.keys(left.disruptedPods as object).length, 5);
});
