import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { KubernetesObject, Pod } from "#api";
import { seededRandom, silentLogger, silentMetrics } from "#base";
import type { Client } from "#client";
import { VirtualClock } from "#testing";
import { defaultProfile } from "../plugins/registry.ts";
import { Scheduler } from "../scheduler.ts";
import { type Change, ClusterModel, type StorageChange } from "./cluster-model.ts";
import { sharedRules, tellStorage } from "./duel.ts";
import { randomSteps, type Step } from "./random-steps.ts";
import { judge } from "./reference/judge.ts";

const isLong = process.env.NACRE_LONG === "1";

test("whatever happens that lets a waiting pod onto a node wakes it", async () => {
  await fc.assert(
    fc.asyncProperty(randomSteps, async (steps) => {
      const waits = new Waits();
      for (const step of steps) await waits.play(step);
      waits.end();
    }),
    { numRuns: isLong ? 2_000 : 100 },
  );
});

/** Longer than any back-off, and in all the steps shorter than the safety net that tries every pod again. */
const stepMs = 10_001;

/** A scheduler that is told what happens to a cluster, and nothing else: no pod that waits may fit. Nobody makes room here, or a volume. */
class Waits {
  readonly #model = new ClusterModel();
  readonly #clock = new VirtualClock();
  readonly #ended = new AbortController();
  readonly #waiting = new Map<string, Pod>();
  readonly #bound: { readonly pod: Pod; readonly nodeName: string }[] = [];
  readonly #scheduler = new Scheduler({
    client: this.#client(),
    recorder: { record: () => {}, flush: async () => {} },
    profiles: [
      {
        ...defaultProfile,
        plugins: defaultProfile.plugins
          .filter(({ name }) => name !== "DefaultPreemption")
          .map(({ reserve: _takesVolumes, preBind: _waitsForThem, ...rules }) => rules),
      },
    ],
    clock: this.#clock,
    random: seededRandom(1),
    logger: silentLogger,
    metrics: silentMetrics,
    signal: this.#ended.signal,
  });

  constructor() {
    for (const change of this.#model.begin()) this.#tell(change);
    this.#scheduler.start();
  }

  async play(step: Step): Promise<void> {
    const change = this.#model.apply(step);
    if (change) this.#tell(change);
    const asked = this.#model.asked(step);
    if (asked) this.#ask(asked);
    await this.#settle();
    for (const pod of this.#waiting.values()) {
      const { feasible } = judge(pod, this.#model.world, sharedRules);
      assert.deepEqual(feasible, [], `${pod.metadata?.uid} still waits after ${JSON.stringify(step)}`);
    }
  }

  end(): void {
    this.#ended.abort();
    this.#scheduler.stop();
  }

  #ask(pod: Pod): void {
    const { uid = "" } = pod.metadata ?? {};
    const named = { ...pod, metadata: { ...pod.metadata, name: uid } };
    this.#waiting.set(uid, named);
    this.#scheduler.onPod(named, undefined);
  }

  /** Pods that are bound may be what others wait for. */
  async #settle(): Promise<void> {
    do {
      for (const { pod, nodeName } of this.#bound.splice(0)) {
        this.#waiting.delete(pod.metadata?.uid ?? "");
        const change = this.#model.place(pod, nodeName);
        assert.ok(change.type === "pod");
        this.#scheduler.onPod(change.pod, pod);
      }
      await this.#clock.advance(stepMs);
    } while (this.#bound.length > 0);
  }

  /** The name of a pod that waits is its UID. */
  #client(): Client {
    const resource = {
      patch: async () => ({}),
      postSubresource: async (uid: string, _: string, binding: { target: { name: string } }) => {
        const pod = this.#waiting.get(uid);
        assert.ok(pod, `${uid} was bound twice`);
        this.#bound.push({ pod, nodeName: binding.target.name });
      },
    };
    return { resource: () => resource } as unknown as Client;
  }

  /** As informers do. */
  #tell(change: Change): void {
    const scheduler = this.#scheduler;
    const { listers } = scheduler.cluster;
    if (change.type === "node") scheduler.onNode(change.node, change.old);
    else if (change.type === "node-gone") scheduler.onNodeGone(change.node);
    else if (change.type === "pod") scheduler.onPod(change.pod, change.old);
    else if (change.type === "pod-gone") scheduler.onPodGone(change.pod);
    else if (change.type === "namespace") {
      listers.namespaces.set(change.namespace);
      scheduler.onObject("namespaces", change.namespace);
    } else if (change.type === "service") {
      listers.services.set(change.service);
      scheduler.onObject("services", change.service);
    } else if (change.type === "set") {
      listers.replicaSets.set(change.set);
      scheduler.onObject("replicasets", change.set);
    } else if (change.type !== "budget") {
      tellStorage(listers, change);
      const [resource, object] = storageOf(change);
      scheduler.onObject(resource, object);
    }
  }
}

function storageOf(change: StorageChange): [resource: string, object: KubernetesObject] {
  if (change.type === "class") return ["storageclasses", change.storageClass];
  if (change.type === "csi-node") return ["csinodes", change.csiNode];
  if (change.type === "claim" || change.type === "claim-gone")
    return ["persistentvolumeclaims", change.claim];
  return ["persistentvolumes", change.volume];
}
