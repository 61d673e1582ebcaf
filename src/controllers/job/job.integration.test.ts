import assert from "node:assert/strict";
import { test } from "node:test";
import { events, type Job, type JobSpec, jobs, type Pod, pods } from "#api";
import { isNotFound } from "#base";
import type { Client } from "#client";
import { controlledCluster, inShop, untilAll } from "#testing";

function pi(spec: Partial<JobSpec> = {}): Job {
  return {
    metadata: { name: "pi", namespace: "shop" },
    spec: {
      template: { spec: { restartPolicy: "Never", containers: [{ name: "c", image: "pi:1" }] } },
      ...spec,
    },
  };
}

/** Plays the end of a pod's container. */
async function end(client: Client, pod: Pod, exitCode: number): Promise<void> {
  const terminated = { exitCode, finishedAt: "2026-01-01T00:00:00Z" };
  const ended = {
    name: "c",
    image: "pi:1",
    imageID: "",
    ready: false,
    restartCount: 0,
    state: { terminated },
  };
  const status = { phase: exitCode === 0 ? "Succeeded" : "Failed", containerStatuses: [ended] };
  await client
    .resource(pods, "shop")
    .patch(pod.metadata?.name ?? "", { type: "merge", patch: { status } }, { subresource: "status" });
}

const running = (all: readonly Pod[]) => inShop(all).filter(({ status }) => status?.phase === "Running");
const holds = (job: Job | undefined, type: string) =>
  job?.status?.conditions?.some((one) => one.type === type && one.status === "True") ?? false;

test("a job runs its pods to their ends, and kubectl waits for it", async (t) => {
  const { client, informers, run } = await controlledCluster(t);
  await client.resource(jobs, "shop").create(pi({ completions: 3, parallelism: 2 }));
  const waiting = run("wait", "job/pi", "--for=condition=Complete", "--timeout=20s");
  for (let ended = 0; ended < 3; ended++) {
    await untilAll(informers, pods, (all) => running(all).length === Math.min(2, 3 - ended));
    const [pod] = running(informers.of(pods).list());
    assert.ok(pod);
    await end(client, pod, 0);
    await untilAll(
      informers,
      pods,
      (all) => !running(all).some(({ metadata }) => metadata?.uid === pod.metadata?.uid),
    );
  }
  assert.match(await waiting, /condition met/);
  const { status } = await client.resource(jobs, "shop").get("pi");
  assert.deepEqual([status?.succeeded, status?.uncountedTerminatedPods], [3, {}]);
  assert.deepEqual(
    status?.conditions?.map(({ type }) => type),
    ["SuccessCriteriaMet", "Complete"],
  );
  const left = await client.resource(pods, "shop").list();
  assert.ok(left.items.every(({ metadata }) => !metadata?.finalizers?.length));
  assert.match(await run("get", "job", "pi"), /pi +Complete +3\/3/);
  await untilAll(informers, events, (all) => all.some(({ reason }) => reason === "Completed"));
  assert.match(await run("describe", "job", "pi"), /3 Succeeded[\s\S]*Completed .*Job completed/);
  await run("delete", "job", "pi", "--timeout=10s");
  await untilAll(informers, pods, (all) => inShop(all).length === 0);
});

test("a failure that the policy calls fatal ends the job, and its running pods with it", async (t) => {
  const { client, informers } = await controlledCluster(t);
  const rules = [{ action: "FailJob", onExitCodes: { operator: "In", values: [42] } }];
  await client
    .resource(jobs, "shop")
    .create(pi({ completions: 3, parallelism: 3, podFailurePolicy: { rules } }));
  await untilAll(informers, pods, (all) => running(all).length === 3);
  const [pod] = running(informers.of(pods).list());
  assert.ok(pod);
  await end(client, pod, 42);
  await untilAll(informers, jobs, ([job]) => holds(job, "Failed"));
  const { status } = await client.resource(jobs, "shop").get("pi");
  assert.equal(status?.failed, 3);
  assert.equal(status?.conditions?.find(({ type }) => type === "Failed")?.reason, "PodFailurePolicy");
  await untilAll(informers, pods, (all) => running(all).length === 0);
});

test("a job that is deleted while its pods run takes them along, in the background and in the foreground", async (t) => {
  const { client, informers } = await controlledCluster(t);
  for (const propagationPolicy of ["Background", "Foreground"] as const) {
    await client.resource(jobs, "shop").create(pi({ completions: 2, parallelism: 2 }));
    await untilAll(informers, pods, (all) => running(all).length === 2);
    await client.resource(jobs, "shop").delete("pi", { propagationPolicy });
    await untilAll(informers, pods, (all) => inShop(all).length === 0);
    await untilAll(informers, jobs, (all) => inShop(all).length === 0);
  }
});

test("a job is suspended and resumed, and goes by itself when its time after the end is up", async (t) => {
  const { client, informers } = await controlledCluster(t);
  const api = client.resource(jobs, "shop");
  await api.create(pi({ suspend: true, ttlSecondsAfterFinished: 0 }));
  await untilAll(informers, jobs, ([job]) => holds(job, "Suspended"));
  assert.equal((await client.resource(pods, "shop").list()).items.length, 0);
  await api.patch("pi", { type: "merge", patch: { spec: { suspend: false } } });
  await untilAll(informers, pods, (all) => running(all).length === 1);
  await api.patch("pi", { type: "merge", patch: { spec: { suspend: true } } });
  await untilAll(informers, pods, (all) => inShop(all).length === 0);
  assert.equal((await api.get("pi")).status?.failed, undefined);
  await api.patch("pi", { type: "merge", patch: { spec: { suspend: false } } });
  await untilAll(informers, pods, (all) => running(all).length === 1);
  const [pod] = running(informers.of(pods).list());
  assert.ok(pod);
  await end(client, pod, 0);
  await untilAll(informers, jobs, (all) => inShop(all).length === 0);
  await assert.rejects(api.get("pi"), isNotFound);
});

test("pods of an indexed job are told their index, and the job says which have succeeded", async (t) => {
  const { client, informers } = await controlledCluster(t);
  const spec = { completionMode: "Indexed", completions: 2, parallelism: 2, podReplacementPolicy: "Failed" };
  await client.resource(jobs, "shop").create(pi(spec));
  const indexes = (all: readonly Pod[]) =>
    running(all)
      .map(({ metadata }) => metadata?.labels?.["batch.kubernetes.io/job-completion-index"])
      .sort()
      .join();
  await untilAll(informers, pods, (all) => indexes(all) === "0,1");
  for (const pod of running(informers.of(pods).list())) await end(client, pod, 0);
  await untilAll(informers, jobs, ([job]) => holds(job, "Complete"));
  assert.equal((await client.resource(jobs, "shop").get("pi")).status?.completedIndexes, "0,1");
});
