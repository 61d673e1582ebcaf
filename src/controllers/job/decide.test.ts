import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Job, JobSpec, Pod } from "#api";
import { decide, type JobPlan } from "./decide.ts";
import { newPod } from "./new-pod.ts";

const nowMs = Date.UTC(2026, 0, 1);
const at = (ms: number) => `${new Date(ms).toISOString().slice(0, 19)}Z`;

function jobOf(spec: Partial<JobSpec> = {}, status: Job["status"] = {}): Job {
  return {
    metadata: { name: "pi", namespace: "shop", uid: "job" },
    spec: {
      parallelism: 1,
      completions: 1,
      backoffLimit: 6,
      completionMode: "NonIndexed",
      selector: { matchLabels: { job: "pi" } },
      template: {
        metadata: { labels: { job: "pi" } },
        spec: { restartPolicy: "Never", containers: [{ name: "c", image: "pi:1" }] },
      },
      ...spec,
    },
    status: { startTime: at(nowMs - 1000), ...status },
  };
}

const indexed = (spec: Partial<JobSpec> = {}) =>
  jobOf({ completionMode: "Indexed", completions: 3, parallelism: 3, ...spec });

interface PodTraits {
  index?: number;
  phase?: string;
  exitCode?: number;
  endedMs?: number;
  leaving?: boolean;
  failures?: number;
  condition?: string;
}

let made = 0;

function podOf(job: Job, traits: PodTraits = {}): Pod {
  const {
    index,
    phase = "Running",
    exitCode,
    endedMs = nowMs - 3_600_000,
    leaving,
    failures,
    condition,
  } = traits;
  const pod = newPod(job, { index, replaces: undefined });
  const annotations = { ...pod.metadata?.annotations };
  if (failures !== undefined) annotations["batch.kubernetes.io/job-index-failure-count"] = String(failures);
  const terminated = { exitCode: exitCode ?? (phase === "Failed" ? 1 : 0), finishedAt: at(endedMs) };
  const hasEnded = phase === "Failed" || phase === "Succeeded";
  const uid = `p${++made}`;
  return {
    ...pod,
    metadata: {
      ...pod.metadata,
      name: uid,
      uid,
      annotations,
      creationTimestamp: at(nowMs - 7_200_000),
      ...(leaving ? { deletionTimestamp: at(nowMs) } : {}),
    },
    status: {
      phase,
      conditions: condition ? [{ type: condition, status: "True" }] : [],
      ...(hasEnded
        ? {
            containerStatuses: [
              { name: "c", image: "", imageID: "", ready: false, restartCount: 0, state: { terminated } },
            ],
          }
        : {}),
    },
  };
}

function decideOn(job: Job, pods: readonly Pod[], atMs = nowMs): JobPlan {
  const plan = decide({ job, candidates: pods, nowMs: atMs });
  assert.ok(plan, "the job is at work");
  return plan;
}

const conditionsOf = ({ status }: JobPlan) =>
  (status.conditions ?? [])
    .filter((one) => one.status === "True")
    .map(({ type, reason }) => `${type} ${reason}`);
const uids = (pods: readonly Pod[]) => pods.map(({ metadata }) => metadata?.uid);
const indexesOf = (plan: JobPlan) => plan.create.map(({ index }) => index);

test("a job has as many pods at a time as it may, and no more than are still to succeed", () => {
  const job = jobOf({ parallelism: 3, completions: 5 });
  assert.equal(decideOn(job, []).create.length, 3);
  assert.equal(decideOn(job, [podOf(job), podOf(job)]).create.length, 1);
  const done = jobOf({ parallelism: 3, completions: 5 }, { succeeded: 4 });
  assert.equal(decideOn(done, []).create.length, 1);
  assert.equal(decideOn(done, [podOf(done), podOf(done)]).remove.length, 1);
});

test("without a number of completions one success is enough, and nobody is started after it", () => {
  const { completions: _, ...spec } = jobOf({ parallelism: 2 }).spec as JobSpec;
  const job = { ...jobOf(), spec };
  const first = podOf(job, { phase: "Succeeded" });
  const plan = decideOn(job, [first, podOf(job)]);
  assert.deepEqual([plan.create.length, plan.remove.length, conditionsOf(plan)], [0, 0, []]);
  assert.deepEqual(conditionsOf(decideOn(job, [first])), ["SuccessCriteriaMet CompletionsReached"]);
});

test("an end is noted by uid, then its pod is let go, then it is counted, then the job is complete", () => {
  const job = jobOf();
  const pod = podOf(job, { phase: "Succeeded" });
  const noted = decideOn(job, [pod]);
  assert.deepEqual(noted.status.uncountedTerminatedPods, { succeeded: [pod.metadata?.uid] });
  assert.equal(noted.status.succeeded, undefined);
  assert.deepEqual(uids(noted.release), [pod.metadata?.uid]);
  const next = { ...job, status: noted.status };
  const counted = decideOn(next, [{ ...pod, metadata: { ...pod.metadata, finalizers: [] } }]);
  assert.deepEqual(counted.status.uncountedTerminatedPods, {});
  assert.equal(counted.status.succeeded, 1);
  assert.ok(conditionsOf(counted).includes("Complete CompletionsReached"));
  assert.ok(counted.status.completionTime);
  assert.equal(decide({ job: { ...job, status: counted.status }, candidates: [], nowMs }), undefined);
});

test("a pod that failed is replaced after a pause that doubles with every failure in a row", () => {
  const job = jobOf();
  const failed = (endedMs: number) => podOf(job, { phase: "Failed", endedMs: nowMs - endedMs });
  const one = decideOn(job, [failed(4000)]);
  assert.deepEqual([one.create.length, one.requeueAfterMs], [0, 6000]);
  assert.equal(decideOn(job, [failed(10_000)]).create.length, 1);
  assert.equal(decideOn(job, [failed(60_000), failed(15_000)]).requeueAfterMs, 5000);
});

test("too many failures end the job: what still runs is deleted and counted as failed", () => {
  const job = jobOf({ backoffLimit: 1, parallelism: 2, completions: 4 });
  const running = podOf(job);
  const pods = [podOf(job, { phase: "Failed" }), podOf(job, { phase: "Failed" }), running];
  const plan = decideOn(job, pods);
  assert.deepEqual(conditionsOf(plan), ["FailureTarget BackoffLimitExceeded"]);
  assert.deepEqual(uids(plan.end), uids([running]));
  assert.deepEqual(plan.status.uncountedTerminatedPods?.failed?.length, 3);
  const letGo = pods.map((pod) => ({ ...pod, metadata: { ...pod.metadata, finalizers: [] } })).slice(0, 2);
  const ended = decideOn({ ...job, status: plan.status }, letGo);
  assert.deepEqual(conditionsOf(ended), [
    "FailureTarget BackoffLimitExceeded",
    "Failed BackoffLimitExceeded",
  ]);
  assert.equal(ended.status.failed, 3);
});

test("restarts inside a pod count where the pod restarts its containers itself", () => {
  const job = jobOf({ backoffLimit: 2 });
  if (job.spec?.template.spec) job.spec.template.spec.restartPolicy = "OnFailure";
  const restarted = (restartCount: number): Pod => ({
    ...podOf(job),
    status: {
      phase: "Running",
      containerStatuses: [{ name: "c", image: "", imageID: "", ready: true, restartCount }],
    },
  });
  assert.deepEqual(conditionsOf(decideOn(job, [restarted(1)])), []);
  assert.deepEqual(conditionsOf(decideOn(job, [restarted(2)])), ["FailureTarget BackoffLimitExceeded"]);
});

test("a job may run for so long and no longer", () => {
  const job = jobOf({ activeDeadlineSeconds: 5 });
  assert.equal(decideOn(job, [podOf(job)]).requeueAfterMs, 4000);
  const late = decideOn(job, [podOf(job)], nowMs + 4000);
  assert.deepEqual(conditionsOf(late), ["FailureTarget DeadlineExceeded"]);
});

test("suspended, a job loses its pods and counts none of them; resumed, its clock starts again", () => {
  const job = jobOf({ suspend: true });
  const plan = decideOn(job, [podOf(job)]);
  assert.deepEqual(
    [plan.remove.length, plan.release.length, conditionsOf(plan)],
    [1, 0, ["Suspended JobSuspended"]],
  );
  const resumed = decideOn({ ...jobOf(), status: plan.status }, []);
  assert.equal(resumed.create.length, 1);
  assert.equal(resumed.status.startTime, at(nowMs));
  const held = { ...jobOf({ suspend: true }), status: {} };
  assert.equal(decideOn(held, []).status.startTime, undefined);
});

test("an indexed job has one pod per index, lowest first, that is told its index", () => {
  const job = indexed({ parallelism: 2 });
  assert.deepEqual(indexesOf(decideOn(job, [])), [0, 1]);
  const pods = [podOf(job, { index: 0, phase: "Succeeded" }), podOf(job, { index: 2 })];
  const plan = decideOn(job, pods);
  assert.deepEqual(indexesOf(plan), [1]);
  assert.deepEqual([plan.status.completedIndexes, plan.status.succeeded], ["0", 1]);
  const { metadata, spec } = newPod(job, { index: 1, replaces: undefined });
  assert.equal(metadata?.generateName, "pi-1-");
  assert.equal(metadata?.labels?.["batch.kubernetes.io/job-completion-index"], "1");
  assert.equal(metadata?.annotations?.["batch.kubernetes.io/job-completion-index"], "1");
  assert.equal(spec?.hostname, "pi-1");
  assert.equal(spec?.containers[0]?.env?.[0]?.name, "JOB_COMPLETION_INDEX");
});

test("of two pods with one index the worse goes, and so does one of an index too high", () => {
  const job = indexed();
  const [good, bad] = [podOf(job, { index: 0 }), podOf(job, { index: 0, phase: "Pending" })];
  const beyond = { ...podOf(job, { index: 1 }) };
  beyond.metadata = { ...beyond.metadata, annotations: { "batch.kubernetes.io/job-completion-index": "7" } };
  assert.deepEqual(uids(decideOn(job, [bad, good, beyond]).remove).sort(), uids([bad, beyond]).sort());
});

test("a limit per index lets the other indexes go on, and the job fails when all are through", () => {
  const job = indexed({ backoffLimit: 0x7fffffff, backoffLimitPerIndex: 1 });
  const first = podOf(job, { index: 0, phase: "Failed" });
  const plan = decideOn(job, [first, podOf(job, { index: 1 }), podOf(job, { index: 2 })]);
  assert.deepEqual(uids(plan.release), [], "the failed pod waits for its successor");
  assert.deepEqual(uids(plan.create.map(({ replaces }) => replaces as Pod)), uids([first]));
  const [wanted] = plan.create;
  assert.ok(wanted);
  const successor = newPod(job, wanted);
  assert.equal(successor.metadata?.annotations?.["batch.kubernetes.io/job-index-failure-count"], "1");

  const again = podOf(job, { index: 0, phase: "Failed", failures: 1 });
  const spent = decideOn(job, [again, podOf(job, { index: 1 }), podOf(job, { index: 2 })]);
  assert.deepEqual([spent.status.failedIndexes, spent.create.length, conditionsOf(spent)], ["0", 0, []]);
  const others = [1, 2].map((index) => podOf(job, { index, phase: "Succeeded" }));
  assert.deepEqual(conditionsOf(decideOn(job, [again, ...others])), ["FailureTarget FailedIndexes"]);
  const strict = indexed({ backoffLimitPerIndex: 0, maxFailedIndexes: 0 });
  const stopped = decideOn(strict, [podOf(strict, { index: 0, phase: "Failed", failures: 0 })]);
  assert.deepEqual(conditionsOf(stopped), ["FailureTarget MaxFailedIndexesExceeded"]);
});

test("the failure policy decides by exit code and condition: fail the job, the index, count, or do not", () => {
  const rules = [
    { action: "FailJob", onExitCodes: { containerName: "c", operator: "In", values: [42] } },
    { action: "Ignore", onPodConditions: [{ type: "DisruptionTarget", status: "True" }] },
    { action: "FailIndex", onExitCodes: { operator: "NotIn", values: [1, 42] } },
  ];
  const job = jobOf({ podFailurePolicy: { rules }, podReplacementPolicy: "Failed", backoffLimit: 0 });
  const fatal = decideOn(job, [podOf(job, { phase: "Failed", exitCode: 42 })]);
  assert.deepEqual(conditionsOf(fatal), ["FailureTarget PodFailurePolicy"]);
  assert.match(
    fatal.status.conditions?.[0]?.message ?? "",
    /^Container c for pod shop\/p\d+ failed with exit code 42 matching FailJob rule at index 0$/,
  );
  const disrupted = decideOn(job, [podOf(job, { phase: "Failed", condition: "DisruptionTarget" })]);
  assert.deepEqual([conditionsOf(disrupted), disrupted.release.length], [[], 1]);
  assert.deepEqual(disrupted.status.uncountedTerminatedPods, {});
  assert.equal(disrupted.create.length, 1);
  assert.deepEqual(conditionsOf(decideOn(job, [podOf(job, { phase: "Failed", exitCode: 1 })])), [
    "FailureTarget BackoffLimitExceeded",
  ]);
  const perIndex = indexed({
    podFailurePolicy: { rules },
    backoffLimitPerIndex: 5,
    podReplacementPolicy: "Failed",
  });
  const plan = decideOn(perIndex, [podOf(perIndex, { index: 1, phase: "Failed", exitCode: 7 })]);
  assert.equal(plan.status.failedIndexes, "1");
});

test("a pod that is being deleted is replaced at once, or only when it has ended, as the policy says", () => {
  const leaving = { leaving: true };
  const early = jobOf({ podReplacementPolicy: "TerminatingOrFailed" });
  const soon = decideOn(early, [podOf(early, leaving)], nowMs + 60_000);
  assert.deepEqual([soon.create.length, soon.status.uncountedTerminatedPods?.failed?.length], [1, 1]);
  const patient = jobOf({ podReplacementPolicy: "Failed" });
  const later = decideOn(patient, [podOf(patient, leaving)], nowMs + 60_000);
  assert.deepEqual([later.create.length, later.release.length, later.status.terminating], [0, 0, 1]);
});

test("a success policy ends the job as soon as a rule is met; what still runs is deleted and not counted", () => {
  const successPolicy = {
    rules: [{ succeededIndexes: "1-2", succeededCount: 2 }, { succeededIndexes: "0" }],
  };
  const job = indexed({ successPolicy });
  const pods = [podOf(job, { index: 0, phase: "Succeeded" }), podOf(job, { index: 1 })];
  const plan = decideOn(job, pods);
  assert.deepEqual(conditionsOf(plan), ["SuccessCriteriaMet SuccessPolicy"]);
  assert.equal(plan.status.conditions?.[0]?.message, "Matched rules at index 1");
  assert.deepEqual([plan.end.length, plan.release.length], [1, 2]);
  assert.deepEqual(plan.status.uncountedTerminatedPods, {});
});

test("a job that is being deleted lets its pods go and starts none; another's job is left alone", () => {
  const job = jobOf();
  job.metadata = { ...job.metadata, deletionTimestamp: at(nowMs) };
  const plan = decideOn(job, [podOf(job)]);
  assert.deepEqual([plan.release.length, plan.create.length], [1, 0]);
  const other = jobOf({ managedBy: "example.com/queue" });
  assert.equal(decide({ job: other, candidates: [podOf(other)], nowMs }), undefined);
});

/** An API and nodes in a few lines: what the plan says is done, or, when this program dies, only its first steps are. */
class World {
  job: Job;
  pods: Pod[] = [];
  nowMs = nowMs;
  readonly ends = { succeeded: 0, failed: 0 };

  constructor(job: Job) {
    this.job = job;
  }

  look(stepsBeforeDeath: number): boolean {
    const plan = decide({ job: this.job, candidates: this.pods, nowMs: this.nowMs });
    if (!plan) return false;
    if (plan.requeueAfterMs !== undefined) this.nowMs += plan.requeueAfterMs;
    let left = stepsBeforeDeath;
    const steps = [
      () => {
        this.job = { ...this.job, status: structuredClone(plan.status) };
      },
      ...plan.end.map((pod) => () => this.#change(pod, { deletionTimestamp: at(this.nowMs) })),
      ...plan.release.map((pod) => () => this.#change(pod, { finalizers: [] })),
      ...plan.remove.map(
        (pod) => () => this.#change(pod, { finalizers: [], deletionTimestamp: at(this.nowMs) }),
      ),
      ...plan.create.map(({ index }) => () => {
        this.pods.push(podOf(this.job, index === undefined ? {} : { index }));
      }),
    ];
    for (const step of steps) {
      if (left-- === 0) break;
      step();
    }
    this.pods = this.pods.filter(
      ({ metadata }) => !metadata?.deletionTimestamp || metadata.finalizers?.length,
    );
    return true;
  }

  end(which: number, phase: "Succeeded" | "Failed"): void {
    const running = this.pods.filter(
      ({ metadata, status }) => status?.phase === "Running" && !metadata?.deletionTimestamp,
    );
    const pod = running[which % Math.max(1, running.length)];
    if (!pod) return;
    this.ends[phase === "Succeeded" ? "succeeded" : "failed"] += 1;
    const at = this.pods.indexOf(pod);
    this.pods[at] = { ...pod, status: podOf(this.job, { phase, endedMs: this.nowMs }).status ?? {} };
  }

  #change(pod: Pod, metadata: object): void {
    this.pods = this.pods.map((one) =>
      one.metadata?.uid === pod.metadata?.uid ? { ...one, metadata: { ...one.metadata, ...metadata } } : one,
    );
  }
}

const events = fc.array(
  fc.record({
    phase: fc.constantFrom("Succeeded" as const, "Failed" as const, undefined),
    which: fc.nat({ max: 10 }),
    steps: fc.oneof(fc.constant(1000), fc.nat({ max: 6 })),
  }),
  { maxLength: 40 },
);

test("however often this program dies between two steps, every end is counted once, and the job completes", () => {
  const shape = fc.record({
    parallelism: fc.integer({ min: 1, max: 4 }),
    completions: fc.integer({ min: 1, max: 6 }),
    completionMode: fc.constantFrom("Indexed", "NonIndexed"),
  });
  fc.assert(
    fc.property(shape, events, (spec, many) => {
      const world = new World(jobOf({ ...spec, backoffLimit: 100 }));
      for (const { phase, which, steps } of many) {
        if (phase) world.end(which, phase);
        world.look(steps);
        const active = world.pods.filter(
          ({ metadata, status }) => status?.phase === "Running" && !metadata?.deletionTimestamp,
        );
        assert.ok(active.length <= spec.parallelism);
      }
      for (let looks = 0; world.look(1000); looks++) {
        world.end(0, "Succeeded");
        assert.ok(looks < 100, "the job comes to its end");
      }
      const { status } = world.job;
      assert.equal(status?.conditions?.at(-1)?.type, "Complete");
      assert.equal(status?.failed ?? 0, world.ends.failed);
      assert.equal(status?.succeeded, world.ends.succeeded);
      assert.equal(status?.succeeded, spec.completions);
      assert.ok(world.pods.every(({ metadata }) => !metadata?.finalizers?.length));
    }),
  );
});
