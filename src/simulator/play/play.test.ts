import assert from "node:assert/strict";
import { test } from "node:test";
import { ApiError } from "#base";
import { makeReport } from "../report/make-report.ts";
import type { Report } from "../report/report.ts";
import { ScenarioError } from "../scenario/mistakes.ts";
import { readScenario } from "../scenario/read-scenario.ts";
import type { Scenario } from "../scenario/scenario.ts";
import { play } from "./play.ts";

const workload = (name: string, more: { replicas: number; cpu: string; container?: string }) => `
  - apiVersion: apps/v1
    kind: Deployment
    metadata: { name: ${name}, namespace: shop }
    spec:
      replicas: ${more.replicas}
      selector: { matchLabels: { app: ${name} } }
      template:
        metadata: { labels: { app: ${name} } }
        spec:
          tolerations:
            - { key: node.kubernetes.io/unreachable, operator: Exists, effect: NoExecute, tolerationSeconds: 30 }
          containers: [{ name: a, image: "a:1", resources: { requests: { cpu: ${more.cpu} } ${more.container ?? ""} } }]
  - apiVersion: v1
    kind: Service
    metadata: { name: ${name}, namespace: shop }
    spec: { selector: { app: ${name} }, ports: [{ port: 80 }] }`;

function read(text: string): Scenario {
  return readScenario({ file: "s.yaml", text, files: { read: () => undefined } });
}

async function report(text: string, seed = 1): Promise<Report> {
  return makeReport(await play({ scenario: read(text), seed, signal: new AbortController().signal }));
}

const nodeLoss = `
start: 09:00
duration: 15m
manifests: ${workload("web", { replicas: 4, cpu: "500m" })}
fleet:
  - { name: n, count: 2, zones: [a, b], cpu: 2, memory: 4Gi }
services:
  shop/web: { requestsPerSecond: 100, requestsPerSecondPerCore: 100 }
events:
  - { at: 5m, lose: { zone: b, for: 5m } }
expect: [ "availability(shop/web) >= 99.9%", "pending() == 0" ]
`;

test("a lost zone: requests are lost until the cluster has noticed, pods are evicted and made anew elsewhere", async () => {
  const found = await report(nodeLoss);
  assert.deepEqual(
    found.events.map(({ atSeconds, event, problem }) => [atSeconds, event, problem]),
    [
      [300, "zone b is lost", null],
      [600, "zone b is back", null],
    ],
  );
  assert.deepEqual(
    found.evictions.map(({ workload: of, reason, pods }) => [of, reason, pods]),
    [["shop/web", "DeletionByTaintManager", 2]],
  );
  const { availability, requests, series } = found.services[0] as Report["services"][number];
  assert.equal(Math.round(requests?.offered ?? 0), 15 * 60 * 100);
  assert.equal(availability.p50, 1);
  assert.equal(availability.worstAtSeconds, 300);
  assert.ok((availability.worst ?? 1) < 0.9);
  assert.deepEqual([series.pods.length, series.pods[0], series.pods.at(-1)], [15, 4, 4]);
  assert.deepEqual([found.capacity.nodesReady[0], Math.min(...found.capacity.nodesReady)], [2, 1]);
  assert.deepEqual(
    found.expectations.map(({ place, isMet }) => [place, isMet]),
    [
      ["s.yaml:27:11", false],
      ["s.yaml:27:46", true],
    ],
  );
  assert.equal(found.outcome, "failed");
});

test("a seed plays the same again to the last number, another seed otherwise", async () => {
  const brief = nodeLoss.replace("15m", "6m").replace("5m, lose", "1m, lose").replace("for: 5m", "for: 2m");
  const [first, again, other] = [await report(brief, 7), await report(brief, 7), await report(brief, 8)];
  assert.equal(first.events.length, 2);
  assert.deepEqual(again, first);
  assert.notEqual(other.hash, first.hash);
});

test("a run that is interrupted ends at once, wherever it is", async () => {
  for (const atMs of [60_000, 180_000]) {
    const interrupted = new AbortController();
    let reached = 0;
    const failure = await play({
      scenario: read(nodeLoss),
      seed: 1,
      signal: interrupted.signal,
      onProgress: (now) => {
        reached = now;
        if (now === atMs) setImmediate(() => interrupted.abort());
      },
    }).catch((error) => error);
    assert.equal(failure.name, "AbortError");
    assert.equal(reached, atMs);
  }
});

test("what runs out first is named: CPU for pods, then pods for requests", async () => {
  const found = await report(`
duration: 20m
manifests: ${workload("web", { replicas: 2, cpu: "500m" })}
fleet: [{ name: n, cpu: 2, memory: 4Gi }]
services:
  shop/web: { requestsPerSecond: 80, requestsPerSecondPerCore: 100 }
events:
  - { at: 2m, scale: { deployment: shop/web, replicas: 6 } }
  - { at: 10m, load: { service: shop/web, times: 4, for: 5m } }
`);
  assert.deepEqual(
    found.shortages.map(({ what, atSeconds }) => [what, Math.floor(atSeconds / 60)]),
    [
      ["cpu", 2],
      ["pods of shop/web", 10],
    ],
  );
  assert.equal(found.firstToRunOut?.what, "cpu");
  assert.match(
    found.firstToRunOut?.message ?? "",
    /finds no node: 0\/1 nodes are available.*Insufficient cpu/,
  );
  assert.deepEqual(
    found.pending.map(({ workload: of, pods, stillPending, longestSeconds }) => [
      of,
      pods,
      stillPending,
      longestSeconds,
    ]),
    [["shop/web", 2, 2, 1080]],
  );
  assert.equal(found.mostPending, 2);
  // Four pods of half a core serve 200 of 320 requests a second, for five minutes.
  assert.equal(Math.round(found.services[0]?.requests?.refused ?? 0), 120 * 300);
  assert.equal(found.outcome, "passed");
});

test("two services that select the same pods share what these can serve", async () => {
  const found = await report(`
duration: 2m
manifests: ${workload("web", { replicas: 2, cpu: "500m" })}
  - apiVersion: v1
    kind: Service
    metadata: { name: also, namespace: shop }
    spec: { selector: { app: web }, ports: [{ port: 80 }] }
fleet: [{ name: n, cpu: 2, memory: 4Gi }]
services:
  shop/web: { requestsPerSecond: 90, requestsPerSecondPerCore: 100 }
  shop/also: { requestsPerSecond: 60, requestsPerSecondPerCore: 100 }
`);
  // One core of 100 requests a second, of which 150 come: two thirds of each are served.
  for (const { availability, utilisation } of found.services) {
    assert.equal((availability.all ?? 0).toFixed(4), "0.6667");
    assert.equal((utilisation?.all ?? 0).toFixed(4), "1.5000");
  }
  assert.deepEqual(
    found.shortages.map(({ what, message }) => [what, message]),
    [
      ["pods of shop/also", "2 pods serve 40 requests/s, and 60 come"],
      ["pods of shop/web", "2 pods serve 60 requests/s, and 90 come"],
    ],
  );
});

test("a pod that requests no CPU and is measured by its cores serves everything, and the report says so", async () => {
  const text = `
duration: 2m
manifests: ${workload("web", { replicas: 1, cpu: "500m" })}
fleet: [{ name: n, cpu: 2, memory: 4Gi }]
services:
  shop/web: { requestsPerSecond: 500, requestsPerSecondPerCore: 100 }
`;
  assert.deepEqual((await report(text)).notes, []);
  const found = await report(text.replace("resources: { requests: { cpu: 500m }  }", "resources: {}"));
  assert.equal(found.services[0]?.availability.all, 1);
  assert.match(
    found.notes.join("\n"),
    /^Pods of shop\/web request no CPU, so requestsPerSecondPerCore says nothing/,
  );
});

test("a leak ends containers at their memory limit, and that is named", async () => {
  const found = await report(`
duration: 10m
manifests: ${workload("web", { replicas: 1, cpu: "500m", container: ", limits: { memory: 256Mi }" })}
fleet: [{ name: n, cpu: 2, memory: 4Gi }]
services:
  shop/web: { pods: { memory: 200Mi, memoryLeakPerHour: 600Mi } }
`);
  assert.equal(found.firstToRunOut?.what, "memory of shop/web");
  assert.equal(found.services[0]?.requests, null);
});

test("objects that the API refuses are told of with file and line before anything is played", async () => {
  const wrong = `
duration: 1h
manifests:
  - apiVersion: v1
    kind: Service
    metadata: { name: web }
    spec: { selector: { app: web }, ports: [{ port: 80, targetPort: 8080 }, { port: 800000 }] }
fleet: [{ name: n, cpu: 2, memory: 4Gi }]
events:
  - at: 30m
    deploy:
      - { apiVersion: v1, kind: ConfigMap, metadata: { name: UPPER } }
`;
  const refused = await report(wrong).catch((error) => error);
  assert.ok(refused instanceof ScenarioError);
  assert.match(refused.message, /^s\.yaml:7:\d+: Service web is refused: spec\.ports\[1\]\.port: .*800000/m);
  const later = await report(
    wrong.replace("800000", "81, name: b").replace("port: 80,", "port: 80, name: a,"),
  ).catch((error) => error);
  assert.match(later.message, /^s\.yaml:12:\d+: ConfigMap UPPER is refused: metadata\.name/m);
});

test("a cluster that never comes to rest is not played on: what still moves is named", async () => {
  const crashing = `
duration: 1h
manifests: ${workload("web", { replicas: 1, cpu: "500m" })}
fleet: [{ name: n, cpu: 2, memory: 4Gi }]
services:
  shop/web: { pods: { startup: 2h } }
`;
  const error = await report(crashing).catch((failure) => failure);
  assert.ok(error instanceof ApiError);
  assert.match(
    error.message,
    /did not come to rest within 15 minutes before the scenario begins; still moving:\n(.*\n)*? {2}pod shop\/web-\S+ on n-1 is not ready/,
  );
});

test("why pods cannot be created is named with what still moves", async () => {
  const error = await report(`
duration: 1h
manifests:
  - apiVersion: node.k8s.io/v1
    kind: RuntimeClass
    metadata: { name: strict }
    handler: strict
    scheduling: { nodeSelector: { kind: strict } }
  - apiVersion: apps/v1
    kind: StatefulSet
    metadata: { name: db, namespace: shop }
    spec:
      serviceName: db
      selector: { matchLabels: { app: db } }
      template:
        metadata: { labels: { app: db } }
        spec:
          runtimeClassName: strict
          nodeSelector: { kind: other }
          containers: [{ name: a, image: "a:1" }]
fleet: [{ name: n, cpu: 2, memory: 4Gi }]
`).catch((failure) => failure);
  assert.match(
    error.message,
    /statefulset shop\/db: 0 of 1 pods are up to date, 0 available; a pod cannot be created: .*pod rejected: conflict: runtimeClass/,
  );
});

test("what moves at the end has a stated time to come to rest, and fails the run when it does not", async () => {
  const found = await report(`
duration: 5m
settle: 2m
manifests: ${workload("web", { replicas: 1, cpu: "500m" })}
fleet: [{ name: n, cpu: 2, memory: 4Gi }]
services:
  shop/web: { pods: { startup: 4m..4m } }
events:
  - { at: 4m30s, scale: { deployment: shop/web, replicas: 2 } }
`);
  assert.equal(found.outcome, "failed");
  assert.match(found.stillMoving.join("\n"), /deployment shop\/web: 2 of 2 pods are up to date, 1 available/);
});

test("a drain that a budget does not allow is given up, and the report says so", async () => {
  const found = await report(`
duration: 20m
manifests: ${workload("web", { replicas: 1, cpu: "500m" })}
  - apiVersion: policy/v1
    kind: PodDisruptionBudget
    metadata: { name: web, namespace: shop }
    spec: { minAvailable: 1, selector: { matchLabels: { app: web } } }
fleet: [{ name: n, count: 2, cpu: 2, memory: 4Gi }]
events:
  - { at: 1m, drain: { node: n-1 } }
  - { at: 1m, drain: { node: n-2 } }
`);
  assert.equal(found.evictions.length, 0);
  assert.equal(
    found.events.filter(({ problem }) => /disruption budgets allow no more/.test(problem ?? "")).length,
    1,
  );
});

test("nodes have the taints that a scenario gives them, and machines fail as often as it says", async () => {
  const found = await report(`
duration: 30m
manifests: ${workload("web", { replicas: 1, cpu: "500m" })}
fleet:
  - { name: kept, cpu: 2, memory: 4Gi, taints: ["dedicated=batch:NoSchedule"] }
  - { name: weak, cpu: 2, memory: 4Gi, failures: { perNodePerMonth: 6000, lasting: 1m..1m } }
`);
  const fails = found.events.filter(({ event }) => event === "node weak-1 fails").length;
  assert.ok(fails >= 1 && fails <= 12, `${fails} failures, four expected`);
  assert.equal(found.events.length, 2 * fails);
  assert.ok((found.services[0]?.availability.all ?? 1) < 1, "web runs on the node that fails");
});
