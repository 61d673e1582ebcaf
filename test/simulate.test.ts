import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { deployments, namespaces, nodes, services } from "#api";
import { type ServedCluster, servedCluster } from "#testing";
import { execute, type Result, start } from "./processes.ts";

const nacre = join(import.meta.dirname, "../bin/nacre");
const directory = mkdtempSync(join(tmpdir(), "nacre-simulate-"));
after(() => rmSync(directory, { recursive: true }));

async function simulate(text: string, ...more: string[]): Promise<Result> {
  const path = join(directory, "scenario.yaml");
  writeFileSync(path, text);
  const environment = { ...process.env, KUBECONFIG: join(directory, "kubeconfig") };
  return execute("sh", [nacre, "simulate", path, ...more], {
    environment,
    timeoutMs: 120_000,
    mayFail: true,
  });
}

const scenario = `
name: A node is lost
start: 09:00
duration: 10m
manifests:
  - apiVersion: apps/v1
    kind: Deployment
    metadata: { name: web, namespace: shop }
    spec:
      replicas: 2
      selector: { matchLabels: { app: web } }
      template:
        metadata: { labels: { app: web } }
        spec: { containers: [{ name: web, image: "web:1", resources: { requests: { cpu: 500m } } }] }
  - apiVersion: v1
    kind: Service
    metadata: { name: web, namespace: shop }
    spec: { selector: { app: web }, ports: [{ port: 80 }] }
fleet: [{ name: n, count: 2, cpu: 1, memory: 2Gi }]
services: { shop/web: { requestsPerSecond: 50, requestsPerSecondPerCore: 100 } }
events: [{ at: 5m, lose: { node: n-1, for: 2m } }]
expect: [ "availability(shop/web) >= 90%" ]
`;

test("what was expected and came true is exit code 0; the table, JSON and the page say the same", async () => {
  const page = join(directory, "report.html");
  const { code, stdout, stderr } = await simulate(scenario, "--html", page);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^A node is lost: 10 min from 09:00 on, seed 1\n/);
  assert.match(stdout, /09:05 +node n-1 is lost\n09:07 +node n-1 is back\n/);
  assert.match(stdout, /availability\(shop\/web\) >= 90% +9\d\.\d+% +met/);
  assert.match(readFileSync(page, "utf8"), /<title>A node is lost: passed<\/title>/);
  const report = JSON.parse((await simulate(scenario, "-o", "json")).stdout);
  assert.equal(report.outcome, "passed");
  assert.ok(stdout.includes(report.expectations[0].actualText));
  assert.deepEqual(JSON.parse((await simulate(scenario, "-o", "json")).stdout), report);
});

test("what was expected and did not come true is exit code 1, and names the line", async () => {
  const { code, stdout } = await simulate(scenario.replace(">= 90%", ">= 99.999%"));
  assert.equal(code, 1);
  assert.match(stdout, /missed \(.*scenario\.yaml:\d+:\d+\)\n\n1 of 1 expectations was missed\.\n$/);
});

test("a scenario with mistakes is exit code 2, with file, line and what is allowed, and nothing is played", async () => {
  const wrong = scenario.replace("fleet:", "fleets:").replace("(shop/web) >=", "(shop/wbe) >=");
  const { code, stdout, stderr } = await simulate(wrong);
  assert.deepEqual([code, stdout], [2, ""]);
  assert.match(stderr, /error: the scenario has 2 mistakes:\n/);
  assert.match(stderr, /scenario\.yaml:19:1: a scenario has no field "fleets"; did you mean "fleet"\?/);
  assert.match(stderr, /scenario\.yaml:22:11: there is no service "shop\/wbe"; did you mean "shop\/web"\?/);
  for (const [more, message] of [
    [["--seed", "x"], /--seed takes a whole number/],
    [["another.yaml"], /takes one scenario/],
    [["--context", "prod"], /--context says which cluster is read: it goes with --from-cluster/],
    [["--data", directory], /--data says which cluster is read: it goes with --from-cluster/],
    [
      ["--html", join(directory, "nowhere/report.html")],
      /cannot write the page to .*nowhere\/report\.html: ENOENT/,
    ],
  ] as const) {
    const typed = await simulate(scenario, ...more);
    assert.equal(typed.code, 2);
    assert.match(typed.stderr, message);
  }
});

test("a file that is read is not overwritten by the page, nor is anything played for a page that has no place", async () => {
  const beside = join(directory, "web.yaml");
  const manifest = "{ apiVersion: v1, kind: ConfigMap, metadata: { name: a } }\n";
  writeFileSync(beside, manifest);
  const another = join(directory, "another-name.html");
  symlinkSync(beside, another);
  const text = `duration: 10m\nmanifests: [web.yaml]\nfleet: [{ name: n, cpu: 1, memory: 2Gi }]\n`;
  const own = join(directory, "scenario.yaml");
  for (const [place, why] of [
    [own, /the scenario is read from it, and would be overwritten/],
    [beside, /the scenario is read from it, and would be overwritten/],
    [another, /the scenario is read from it, and would be overwritten/],
    [directory, /it is a folder; name a file in it: .*\/report\.html/],
    [join(directory, "new/"), /it is a folder; name a file in it/],
    [join(beside, "report.html"), /ENOTDIR/],
    ["/proc/report.html", /cannot write the page to \/proc\/report\.html: /],
  ] as const) {
    const { code, stdout, stderr } = await simulate(text, "--html", place);
    assert.deepEqual([code, stdout], [2, ""], stderr);
    assert.match(stderr, why);
  }
  assert.deepEqual([readFileSync(own, "utf8"), readFileSync(beside, "utf8")], [text, manifest]);
});

test("a report that could not be written is exit code 1", async () => {
  const path = join(directory, "short.yaml");
  writeFileSync(path, "duration: 1m\nfleet: [{ name: n, cpu: 1, memory: 2Gi }]\n");
  const full = await execute("sh", ["-c", `exec sh ${nacre} simulate ${path} > /dev/full`], {
    mayFail: true,
  });
  assert.equal(full.code, 1);
  assert.match(
    full.stderr,
    /^error: cannot write the result: ENOSPC: .*; free space, or send it elsewhere\n$/,
  );
});

test("a run that is interrupted says so, and ends with the exit code of its signal", async () => {
  const path = join(directory, "long.yaml");
  // Written to as soon as the command reads it, and not before.
  await execute("mkfifo", [path]);
  for (const [signal, code] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const) {
    const running = start("sh", [nacre, "simulate", path]);
    await writeFile(path, scenario.replace("duration: 10m", "duration: 30d"));
    const { code: ended, stdout, stderr } = await running.stop(signal);
    assert.deepEqual([ended, stdout], [code, ""]);
    assert.match(stderr, /^interrupted: it was not played to its end, so there is no report\n$/);
  }
});

test("every example is a scenario without mistakes", async () => {
  const { readScenario } = await import("#simulator");
  for (const name of ["zone-loss", "rollout-under-load", "black-friday"]) {
    const folder = join(import.meta.dirname, "../examples/scenarios");
    const read = (path: string) => ({ name: path, text: readFileSync(join(folder, path), "utf8") });
    readScenario({ file: name, text: read(`${name}.yaml`).text, files: { read } });
  }
});

test("with --from-cluster the live nodes and workloads are the beginning, and nothing of them is changed", async (t) => {
  const cluster = await servedCluster({ secured: true });
  t.after(() => cluster.close());
  await fill(cluster);
  const before = cluster.store.revision;
  const { code, stdout, stderr } = await simulate(
    `
duration: 10m
events: [{ at: 2m, lose: { zone: east } }, { at: 4m, scale: { deployment: shop/web, replicas: 5 } }]
expect: [ "availability(shop/web) >= 99%" ]
`,
    "--from-cluster",
    "--kubeconfig",
    cluster.kubeconfigPath,
    "-o",
    "json",
  );
  assert.equal(code, 1, stderr);
  const report = JSON.parse(stdout);
  assert.deepEqual(
    Object.values(report.events).map((one) => (one as { event: string }).event),
    ["zone east is lost", "shop/web is scaled to 5"],
  );
  assert.equal(report.capacity.cpuAllocatable[0], 4);
  assert.equal(report.firstToRunOut.what, "cpu");
  assert.equal(cluster.store.revision, before);
});

/** Two nodes of two cores, and three pods of a service on them. */
async function fill({ client }: ServedCluster): Promise<void> {
  for (const [name, zone] of [
    ["big-1", "east"],
    ["big-2", "west"],
  ] as const) {
    const labels = { "topology.kubernetes.io/zone": zone };
    const allocatable = { cpu: "2", memory: "4Gi", pods: "110" };
    await client.resource(nodes).create({ metadata: { name, labels } });
    await client
      .resource(nodes)
      .patch(
        name,
        { type: "merge", patch: { status: { allocatable, capacity: allocatable } } },
        { subresource: "status" },
      );
  }
  await client.resource(namespaces).create({ metadata: { name: "shop" } });
  const matchLabels = { app: "web" };
  await client.resource(deployments, "shop").create({
    metadata: { name: "web" },
    spec: {
      replicas: 3,
      selector: { matchLabels },
      template: {
        metadata: { labels: matchLabels },
        spec: { containers: [{ name: "web", image: "web:1", resources: { requests: { cpu: "500m" } } }] },
      },
    },
  });
  await client.resource(services, "shop").create({
    metadata: { name: "web" },
    spec: { selector: matchLabels, ports: [{ port: 80 }] },
  });
}
