import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Deployment, ReplicaSet } from "#api";
import { conditionOf } from "../shared/condition.ts";
import { type DeploymentPlan, decide } from "./decide.ts";
import { rollingParameters, toleratedUnavailable } from "./rolling-parameters.ts";

/** A cluster of one deployment, in which replica sets do at once what they are told, and pods serve when the test says so. */
class World {
  nowMs = Date.UTC(2026, 0, 1);
  readonly deployment: Deployment;
  readonly sets: ReplicaSet[] = [];

  constructor(spec: Partial<Deployment["spec"]> = {}) {
    this.deployment = {
      metadata: { name: "web", namespace: "shop", uid: "d1", generation: 1 },
      spec: {
        replicas: 3,
        selector: { matchLabels: { app: "web" } },
        template: {
          metadata: { labels: { app: "web" } },
          spec: { containers: [{ name: "web", image: "web:1" }] },
        },
        progressDeadlineSeconds: 600,
        revisionHistoryLimit: 10,
        ...spec,
      },
    };
  }

  get spec() {
    return this.deployment.spec as NonNullable<Deployment["spec"]>;
  }

  change(change: Partial<Deployment["spec"]>): void {
    Object.assign(this.spec, change);
    const metadata = this.deployment.metadata as { generation: number };
    metadata.generation += 1;
  }

  image(image: string): void {
    this.change({ template: { ...this.spec.template, spec: { containers: [{ name: "web", image }] } } });
  }

  /** One reconcile. True when it changed anything but the status. */
  step(): boolean {
    const plan = this.plan();
    if (plan.create) this.#create(plan.create);
    for (const { replicaSet, replicas } of plan.scale) {
      (replicaSet.spec as { replicas: number }).replicas = replicas;
      const max = this.spec.replicas ?? 1;
      replicaSet.metadata ??= {};
      replicaSet.metadata.annotations = {
        ...replicaSet.metadata.annotations,
        "deployment.kubernetes.io/desired-replicas": `${max}`,
        "deployment.kubernetes.io/max-replicas": `${max + rollingParameters(this.deployment).maxSurge}`,
      };
      this.#observe(replicaSet);
    }
    if (plan.amend) {
      const metadata = plan.amend.replicaSet.metadata ?? {};
      metadata.annotations = { ...metadata.annotations, ...plan.amend.annotations };
      (plan.amend.replicaSet.spec as { minReadySeconds: number }).minReadySeconds =
        plan.amend.minReadySeconds;
    }
    for (const set of plan.remove) this.sets.splice(this.sets.indexOf(set), 1);
    if (plan.revision && this.deployment.metadata) {
      this.deployment.metadata.annotations = { "deployment.kubernetes.io/revision": plan.revision };
    }
    this.deployment.status = plan.status;
    return !!(plan.create ?? plan.amend ?? plan.revision) || plan.scale.length + plan.remove.length > 0;
  }

  plan(): DeploymentPlan {
    return decide({
      deployment: this.deployment,
      candidates: this.sets,
      hasOldPods: (old) => old.some((set) => (set.status?.replicas ?? 0) > 0),
      nowMs: this.nowMs,
    });
  }

  /** Lets up to `count` more pods serve, in the sets' order. */
  serve(count = Number.POSITIVE_INFINITY): void {
    let left = count;
    for (const set of this.sets) {
      const status = set.status as { replicas: number; readyReplicas: number; availableReplicas: number };
      const more = Math.min(left, (set.spec?.replicas ?? 0) - status.availableReplicas);
      status.availableReplicas += more;
      status.readyReplicas = status.availableReplicas;
      left -= more;
    }
  }

  settle(): void {
    for (let turn = 0; turn < 100; turn += 1) {
      this.serve();
      if (!this.step()) return;
    }
    assert.fail("the rollout does not end");
  }

  size(image: string): number | undefined {
    return this.sets.find((set) => set.spec?.template?.spec?.containers[0]?.image === image)?.spec?.replicas;
  }

  get total(): number {
    return this.sets.reduce((sum, set) => sum + (set.spec?.replicas ?? 0), 0);
  }

  get available(): number {
    return this.sets.reduce((sum, set) => sum + (set.status?.availableReplicas ?? 0), 0);
  }

  get progressing() {
    return conditionOf(this.deployment.status?.conditions, "Progressing");
  }

  #create(set: ReplicaSet): void {
    assert.ok(!this.sets.some((other) => other.metadata?.name === set.metadata?.name), "created twice");
    this.nowMs += 1000;
    const metadata = { ...set.metadata, uid: set.metadata?.name ?? "", generation: 1 };
    metadata.creationTimestamp = new Date(this.nowMs).toISOString();
    const created = structuredClone({ ...set, metadata, status: { replicas: 0, availableReplicas: 0 } });
    this.sets.push(created);
    this.#observe(created);
  }

  #observe(set: ReplicaSet): void {
    const replicas = set.spec?.replicas ?? 0;
    const availableReplicas = Math.min(set.status?.availableReplicas ?? 0, replicas);
    set.status = { replicas, availableReplicas, readyReplicas: availableReplicas, observedGeneration: 1 };
  }
}

test("a new deployment gets one set of the wanted size, named by the template's hash", () => {
  const world = new World();
  world.settle();
  assert.equal(world.sets.length, 1);
  assert.match(world.sets[0]?.metadata?.name ?? "", /^web-[bcdfghjklm]+$/);
  assert.equal(world.size("web:1"), 3);
  assert.equal(world.progressing?.reason, "NewReplicaSetAvailable");
  assert.equal(world.deployment.metadata?.annotations?.["deployment.kubernetes.io/revision"], "1");
});

test("by default a rollout of three goes one over and none under", () => {
  const world = new World();
  world.settle();
  world.image("web:2");
  world.step();
  assert.deepEqual([world.size("web:1"), world.size("web:2")], [3, 1]);
  world.step();
  assert.deepEqual([world.size("web:1"), world.size("web:2")], [3, 1], "waits until the new pod serves");
  world.serve();
  world.step();
  assert.deepEqual([world.size("web:1"), world.size("web:2")], [2, 1]);
  world.settle();
  assert.deepEqual([world.size("web:1"), world.size("web:2")], [0, 3]);
});

test("a rollback brings the old set back with a new revision and remembers its history", () => {
  const world = new World();
  world.settle();
  world.image("web:2");
  world.settle();
  world.image("web:1");
  world.settle();
  assert.deepEqual([world.size("web:1"), world.size("web:2")], [3, 0]);
  const annotations = world.sets[0]?.metadata?.annotations ?? {};
  assert.equal(annotations["deployment.kubernetes.io/revision"], "3");
  assert.equal(annotations["deployment.kubernetes.io/revision-history"], "1");
  assert.equal(world.deployment.metadata?.annotations?.["deployment.kubernetes.io/revision"], "3");
});

test("recreating waits until no old pod is left", () => {
  const world = new World({ strategy: { type: "Recreate" } });
  world.settle();
  world.image("web:2");
  world.step();
  assert.deepEqual([world.size("web:1"), world.size("web:2")], [0, undefined]);
  world.settle();
  assert.equal(world.size("web:2"), 3);
});

test("a paused deployment is scaled but not rolled", () => {
  const world = new World();
  world.settle();
  world.change({ paused: true, replicas: 5 });
  world.image("web:2");
  world.settle();
  assert.deepEqual([world.size("web:1"), world.size("web:2")], [5, undefined]);
  assert.equal(world.progressing?.reason, "DeploymentPaused");
  world.change({ paused: false });
  world.step();
  assert.equal(world.progressing?.reason, "DeploymentResumed");
  world.settle();
  assert.equal(world.size("web:2"), 5);
});

test("a resize in the middle of a rollout keeps the proportions", () => {
  const world = new World({ replicas: 10, strategy: { rollingUpdate: { maxSurge: 3, maxUnavailable: 2 } } });
  world.settle();
  world.image("web:2");
  world.step();
  world.step();
  assert.deepEqual([world.size("web:1"), world.size("web:2")], [8, 3]);
  world.step();
  const before = [world.size("web:1"), world.size("web:2")];
  assert.deepEqual(before, [8, 5]);
  world.change({ replicas: 15 });
  world.step();
  assert.deepEqual([world.size("web:1"), world.size("web:2")], [11, 7]);
});

test("without progress the deadline passes, and progress takes that back", () => {
  const world = new World();
  world.settle();
  world.image("web:2");
  world.step();
  world.step();
  assert.equal(world.progressing?.reason, "ReplicaSetUpdated");
  const plan = world.plan();
  assert.ok(plan.requeueAfterMs !== undefined && plan.requeueAfterMs <= 600_000);
  world.nowMs += 601_000;
  world.step();
  assert.equal(world.progressing?.reason, "ProgressDeadlineExceeded");
  assert.equal(world.progressing?.status, "False");
  world.settle();
  assert.equal(world.progressing?.reason, "NewReplicaSetAvailable");
});

test("old sets beyond the history limit go, the oldest revisions first", () => {
  const world = new World({ revisionHistoryLimit: 2 });
  for (const image of ["web:1", "web:2", "web:3", "web:4", "web:5"]) {
    world.image(image);
    world.settle();
  }
  const images = world.sets.map((set) => set.spec?.template?.spec?.containers[0]?.image);
  assert.deepEqual(images, ["web:3", "web:4", "web:5"]);
});

test("a deployment that is being deleted changes nothing", () => {
  const world = new World();
  world.settle();
  world.image("web:2");
  (world.deployment.metadata as { deletionTimestamp: string }).deletionTimestamp = "2026-01-01T00:00:00Z";
  assert.ok(!world.step());
});

const amount = fc.oneof(
  fc.integer({ min: 0, max: 5 }),
  fc.integer({ min: 0, max: 100 }).map((p) => `${p}%`),
);
const action = fc.oneof(
  { weight: 6, arbitrary: fc.record({ serve: fc.integer({ min: 0, max: 4 }) }) },
  { weight: 1, arbitrary: fc.record({ image: fc.constantFrom("web:1", "web:2", "web:3") }) },
);

test("whatever happens, a rolling update stays within its limits and ends", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 12 }),
      amount,
      amount,
      fc.array(action, { maxLength: 40 }),
      (replicas, maxSurge, maxUnavailable, actions) => {
        const world = new World({ replicas, strategy: { rollingUpdate: { maxSurge, maxUnavailable } } });
        world.settle();
        const most = replicas + rollingParameters(world.deployment).maxSurge;
        const least = replicas - toleratedUnavailable(world.deployment);
        for (const one of actions) {
          if ("serve" in one) world.serve(one.serve);
          else world.image(one.image);
          world.step();
          assert.ok(world.total <= most, `${world.total} pods of at most ${most}`);
          assert.ok(world.available >= least, `${world.available} available of at least ${least}`);
        }
        world.settle();
        assert.equal(world.total, replicas);
        assert.equal(world.deployment.status?.updatedReplicas, replicas);
      },
    ),
  );
});

test("a resize at any moment ends at the new size", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 12 }), { minLength: 1, maxLength: 6 }),
      fc.integer({ min: 0, max: 6 }),
      (sizes, served) => {
        const world = new World();
        world.settle();
        world.image("web:2");
        for (const replicas of sizes) {
          world.change({ replicas });
          world.serve(served);
          world.step();
        }
        world.settle();
        assert.equal(world.size("web:2"), sizes.at(-1));
        assert.equal(world.total, sizes.at(-1));
      },
    ),
  );
});
