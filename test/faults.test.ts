import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { eventually } from "./eventually.ts";
import { cutPower, kill, killForGood, type Program, pidsOf, programs, whenWell } from "./faults.ts";
import { helloManifest, importHello } from "./images.ts";
import { assertUnbroken, loadFromHost, loadFromPod } from "./load.ts";
import { createMachine } from "./machine.ts";
import type { ProbeReport } from "./name-prober.ts";
import { containerProcesses } from "./traces.ts";
import { typing } from "./typing.ts";

/** Nacre's own programs die; the people's go on. */
const machine = await createMachine();
after(() => machine.remove());
before(async () => {
  await machine.up();
  await importHello(machine);
  await run("apply -f -", helloManifest);
  await run("rollout status deployment/hello --timeout=60s");
});

const { run, get } = typing(machine);

const loadUrls = ["http://127.0.0.1:30080/"];

for (const name of programs) {
  test(`SIGKILL of ${name}: containers serve, names resolve, no acknowledged write is lost, and it comes back`, () =>
    survives([name]));
}

test("SIGKILL of all programs at once: the same, and a new version rolls out", async () => {
  await survives([...programs]);
  await rollsOut();
});

test("programs that stay down leave containers and names alone; nacre up brings them back", async () => {
  const containers = await containerProcesses(machine);
  const load = await loadFromHost(machine, { perSecond: 100, urls: loadUrls });
  const names = await probe();
  await killForGood(machine, "control-plane", "agent", "controllers");
  // Started again without an API server to ask: it answers from what it remembers.
  const before = (await pidsOf(machine)).get("dns");
  await kill(machine, "dns");
  await eventually("DNS runs again", async () => {
    const now = (await pidsOf(machine)).get("dns");
    return now !== undefined && now !== before;
  });
  const status = await machine.run("sh", [join(root, "bin/nacre"), "status"], { mayFail: true });
  assert.equal(status.code, 1);
  assert.match(status.stdout, /control-plane +- +stopped[\s\S]*Start what is stopped with: nacre up/);

  await machine.up();
  await whenWell(machine, new Map());
  assertUnbroken(await load.finish(), 100);
  assertResolved(await names.finish());
  assert.deepEqual(await containerProcesses(machine), containers, "the same processes serve");
  await rollsOut();
});

test("after a power cut nacre up brings the same workloads back", async () => {
  await run("create configmap before-the-cut --from-literal=a=1");
  const pods: Pod[] = (await get("pods -l app=hello")).items;
  assert.equal(pods.length, 3);
  await cutPower(machine);
  await machine.up();
  for (const { metadata, status } of pods) {
    const count = status.containerStatuses[0].restartCount + 1;
    const path = "jsonpath={.status.containerStatuses[0].restartCount}";
    await run(`wait pod/${metadata.name} --for=${path}=${count} --timeout=60s`);
    await run(`wait pod/${metadata.name} --for=condition=Ready --timeout=60s`);
    assert.equal((await get(`pod ${metadata.name}`)).metadata.uid, metadata.uid);
  }
  assert.equal((await get("configmap before-the-cut")).data.a, "1");
  const load = await loadFromHost(machine, { perSecond: 100, urls: loadUrls });
  const names = await probe();
  await rollsOut();
  assertUnbroken(await load.finish(), 100);
  assertResolved(await names.finish());
});

/** Kills programs while the cluster is used in every way, and looks at what came of it. */
async function survives(names: Program[]): Promise<void> {
  const host = await loadFromHost(machine, { perSecond: 100, urls: loadUrls });
  const pod = await loadFromPod(machine, `load-${rounds + 1}`, { perSecond: 50, urls: ["http://hello/"] });
  const probing = await probe();
  const namespace = `writes-${++rounds}`;
  await run(`create namespace ${namespace}`);
  const writer = machine.start(process.execPath, [
    join(import.meta.dirname, "writer.ts"),
    machine.kubeconfig,
    namespace,
  ]);
  await writer.printed(/under way/);
  const containers = await containerProcesses(machine);
  const before = new Map([...(await pidsOf(machine))].filter(([name]) => names.includes(name)));

  await kill(machine, ...names);
  await whenWell(machine, before);

  assert.deepEqual(await containerProcesses(machine), containers, "the same processes serve");
  assertUnbroken(await host.finish(), 100);
  assertUnbroken(await pod.finish(), 50);
  assertResolved(await probing.finish(), { maxRepeated: names.includes("dns") ? 2 : 0 });
  const { stdout } = await writer.stop("SIGTERM");
  const acknowledged = JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as number[];
  const kept = new Set(
    (await run(`get configmaps -n ${namespace} -o jsonpath={.items[*].data.number}`)).split(" "),
  );
  const lost = acknowledged.filter((number) => !kept.has(String(number)));
  assert.deepEqual(lost, [], `of ${acknowledged.length} acknowledged writes`);
  await run(`delete namespace ${namespace} --wait=false`);
  await grows();
}

/** Controllers, scheduler, agent and endpoints take part in one pod more. */
async function grows(): Promise<void> {
  await run("scale deployment hello --replicas=4");
  await run("rollout status deployment/hello --timeout=60s");
  await run("scale deployment hello --replicas=3");
  await eventually("the fourth pod is gone", async () => (await get("pods -l app=hello")).items.length === 3);
}

/** Everything takes part in a rollout: whoever has not come back holds it up. No container was restarted before. */
async function rollsOut(): Promise<void> {
  const { items } = await get("pods -l app=hello");
  const counts = items.map((pod: Pod) => pod.status.containerStatuses[0].restartCount);
  assert.equal(new Set(counts).size, 1, `restarts of the pods: ${counts}`);
  await run("rollout restart deployment/hello");
  await run("rollout status deployment/hello --timeout=60s");
  const old = items.map(({ metadata }: Pod) => `pod/${metadata.name}`).join(" ");
  await run(`wait ${old} --for=delete --timeout=60s`);
  assert.match(await run("exec deployment/hello -- node -p 6*7"), /42/);
}

interface Pod {
  readonly metadata: { readonly name: string; readonly uid: string };
  readonly status: { readonly containerStatuses: readonly [{ readonly restartCount: number }] };
}

/** Names are asked for at the Service of DNS and at the server itself. */
async function probe(): Promise<{ finish(): Promise<ProbeReport> }> {
  const name = "hello.default.svc.cluster.local";
  const args = [join(import.meta.dirname, "name-prober.ts"), name, "10.96.0.10", "10.244.0.1"];
  const running = machine.start(process.execPath, args);
  await running.printed(/under way/);
  return {
    async finish() {
      const { stdout } = await running.stop("SIGTERM");
      return JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as ProbeReport;
    },
  };
}

function assertResolved(report: ProbeReport, { maxRepeated = Number.POSITIVE_INFINITY } = {}): void {
  assert.deepEqual(report.failures, []);
  assert.equal(report.addresses.length, 1);
  assert.ok(
    report.repeated <= maxRepeated,
    `${report.repeated} of ${report.asked} questions were asked again`,
  );
}

const root = join(import.meta.dirname, "..");
let rounds = 0;
