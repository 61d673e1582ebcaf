import { isPodTerminal, type KubernetesObject, type Node, type Pod } from "#api";
import { type Clock, type Logger, type Metrics, messageOf, type Random } from "#base";
import type { Client, EventRecorder } from "#client";
import { Binder, type Decided } from "./binder.ts";
import { isRelevantChange, isSameToScheduling } from "./changes.ts";
import { Explainer } from "./explainer.ts";
import { Cluster } from "./framework/cluster.ts";
import { Placer } from "./framework/place.ts";
import type { Placed, Profile } from "./framework/plugin.ts";
import type { PodFacts } from "./framework/pod-facts.ts";
import { sliceMs } from "./limits.ts";
import { prioritySort } from "./plugins/priority-sort.ts";
import { schedulerOf } from "./pod-of-scheduler.ts";
import { RoomMaking } from "./preemption/room-making.ts";
import type { QueuedPod } from "./queue/queued-pod.ts";
import { type OneScheduler, QueueingHints } from "./queue/queueing-hints.ts";
import { SchedulingQueue } from "./queue/scheduling-queue.ts";

export interface SchedulerOptions {
  readonly client: Client;
  readonly recorder: EventRecorder;
  /** By scheduler name. */
  readonly profiles: readonly Profile[];
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly signal: AbortSignal;
}

/**
 * Gives every pod a node. Deciding is synchronous and in memory: one pod after the other, each on what the ones before have left. Writing
 * (binding, conditions, events) goes on beside it; a pod that is decided counts on its node from then on (assumed), until the API confirms or
 * refuses it.
 */
export class Scheduler {
  /** What decisions are made on. Objects of other kinds than nodes and pods are to be put into its listers, and told by `onObject`. */
  readonly cluster: Cluster = new Cluster();
  readonly #options: SchedulerOptions;
  readonly #schedulers: ReadonlyMap<string, OneScheduler>;
  readonly #queue: SchedulingQueue;
  readonly #explainer: Explainer;
  readonly #roomMaking: RoomMaking;
  readonly #binder: Binder;
  readonly #decisions: { add(amount?: number, labels?: Record<string, string>): void };
  #isSynced = false;
  #isRunning = false;

  constructor(options: SchedulerOptions) {
    const { profiles, clock, random, metrics } = options;
    this.#options = options;
    this.#schedulers = new Map(
      profiles.map((profile) => [
        profile.schedulerName,
        { profile, placer: new Placer(profile, this.cluster, random) },
      ]),
    );
    this.#explainer = new Explainer({ ...options, cluster: this.cluster });
    this.#binder = new Binder({
      ...options,
      onBound: ({ placed }) => this.#explainer.bound(placed.facts, placed.nodeName),
      onFailed: (decided, error) => this.#failed(decided, error),
      onLost: ({ placed }) => this.#takeBack(placed),
    });
    this.#roomMaking = new RoomMaking({
      ...options,
      cluster: this.cluster,
      viewOf: (facts) => this.#schedulerOf(facts).placer.view(facts.shape),
      onWake: ({ uid }) => this.#queue.wake(uid),
      onTurnedAway: (facts) => this.#explainer.turnedAway(facts),
      giveUp: ({ uid }, why) => this.#binder.giveUp(uid, why),
      onFailed: ({ uid }) => this.#queue.retry(uid),
    });
    this.#decisions = metrics.counter("nacre_scheduler_decisions_total", "Scheduling decisions by result.");
    const hints = new QueueingHints([...this.#schedulers.values()], this.cluster);
    this.#queue = new SchedulingQueue({
      clock,
      compare: prioritySort,
      gate: (facts) => this.#gate(facts),
      mayHelp: (event, shape, rejectedBy) => hints.mayHelp(event, shape, rejectedBy),
      onReady: () => this.#wake(),
    });
  }

  /** To be called once all informers are synced: before, the cluster would look emptier than it is. */
  start(): void {
    this.#isSynced = true;
    this.#wake();
  }

  stop(): void {
    this.#queue.close();
  }

  onNode(node: Node, old: Node | undefined): void {
    if (old && !isRelevantChange(node, old)) return;
    this.cluster.setNode(node);
    this.#queue.onEvent(old ? { type: "node-updated", node, old } : { type: "node-added", node });
  }

  onNodeGone(node: Node): void {
    const name = node.metadata?.name ?? "";
    this.#roomMaking.turnAway(name, { below: Number.POSITIVE_INFINITY });
    this.cluster.removeNode(name);
    this.#queue.onEvent({ type: "node-removed", node });
  }

  onPod(pod: Pod, old: Pod | undefined): void {
    const uid = pod.metadata?.uid ?? "";
    if (isPodTerminal(pod)) this.onPodGone(pod);
    else if (pod.spec?.nodeName) this.#onBoundPod(pod, old);
    else if (!this.#schedulers.has(schedulerOf(pod))) return;
    else if (pod.metadata?.deletionTimestamp) {
      this.#queue.remove(uid);
      this.cluster.denominate(uid);
    } else if (old && isSameToScheduling(pod, old)) this.#queue.refresh(pod);
    else if (!this.cluster.isAssumed(uid)) {
      const facts = this.cluster.factsOf(pod);
      const nominated = pod.status?.nominatedNodeName;
      if (nominated) this.cluster.nominate(facts, nominated);
      this.#queue.put(facts);
    }
  }

  onPodGone(pod: Pod): void {
    const uid = pod.metadata?.uid ?? "";
    this.#queue.remove(uid);
    this.#roomMaking.onGoing(uid);
    this.cluster.denominate(uid);
    const gone = this.cluster.pod(uid);
    const node = this.cluster.nodeOf(uid);
    if (!gone || node === undefined) return;
    const nodeName = this.cluster.nodes.name(node);
    this.cluster.removePod(uid);
    this.#roomMaking.onRoom(node);
    this.#queue.onEvent({ type: "pod-removed", pod: gone, nodeName });
  }

  /** An object in the cluster's listers came, changed or went. */
  onObject(resource: string, object: KubernetesObject): void {
    this.#queue.onEvent({ type: "object-changed", resource, object });
  }

  #onBoundPod(pod: Pod, old: Pod | undefined): void {
    const uid = pod.metadata?.uid ?? "";
    const nodeName = pod.spec?.nodeName ?? "";
    this.#queue.remove(uid);
    this.cluster.denominate(uid);
    if (pod.metadata?.deletionTimestamp) this.#roomMaking.onGoing(uid);
    if (old?.spec?.nodeName && isSameToScheduling(pod, old)) {
      this.cluster.refreshPod(pod);
      return;
    }
    const before = this.cluster.pod(uid);
    const facts = this.cluster.factsOf(pod);
    this.cluster.setPod(facts);
    const wasBound = before && old?.spec?.nodeName;
    this.#queue.onEvent(
      wasBound
        ? { type: "pod-updated", pod: facts, old: before, nodeName }
        : { type: "pod-added", pod: facts, nodeName },
    );
  }

  #gate(facts: PodFacts): string | undefined {
    for (const plugin of this.#schedulerOf(facts).profile.plugins) {
      const reason = plugin.preEnqueue?.(facts);
      if (reason !== undefined) return reason;
    }
    return undefined;
  }

  /** Starts deciding, unless that is under way. In a microtask, so that what arrives together is decided together. */
  #wake(): void {
    if (!this.#isSynced || this.#isRunning) return;
    this.#isRunning = true;
    queueMicrotask(() => {
      this.#run()
        .catch((error) => this.#options.logger.error(`scheduling failed: ${messageOf(error)}`, { error }))
        .finally(() => {
          this.#isRunning = false;
          if (this.#queue.hasActive && !this.#options.signal.aborted) this.#wake();
        });
    });
  }

  async #run(): Promise<void> {
    const { clock, signal } = this.#options;
    let sliceEndMs = clock.monotonicMs() + sliceMs;
    while (!signal.aborted && this.#queue.hasActive) {
      const isOver = clock.monotonicMs() >= sliceEndMs;
      if (isOver || this.#binder.isFull) {
        await (isOver ? clock.sleep(0, signal).catch(() => {}) : this.#binder.room(signal));
        sliceEndMs = clock.monotonicMs() + sliceMs;
        continue;
      }
      const next = this.#queue.pop();
      if (next) this.#decide(next);
    }
  }

  #decide(queued: QueuedPod): void {
    const { facts } = queued;
    const scheduler = this.#schedulerOf(facts);
    const placement = scheduler.placer.place(facts);
    this.#decisions.add(1, { result: placement.type });
    if (placement.type === "placed") {
      this.cluster.denominate(facts.uid);
      this.cluster.assume(facts, placement.node);
      const placed: Placed = { facts, nodeName: placement.nodeName, cluster: this.cluster };
      this.#binder.start({ queued, placed, profile: scheduler.profile });
    } else {
      const { refusals } = placement;
      const { plugins } = scheduler.profile;
      const nomination = this.#roomMaking.begin(facts, refusals, plugins);
      this.#queue.giveBackUnschedulable(queued, refusals.rejectedBy);
      this.#explainer.refused(facts, { refusals, nomination, plugins });
    }
  }

  /** The pod is tried again, unless it is gone. */
  #failed({ queued, placed }: Decided, error: unknown): void {
    const { facts, nodeName } = placed;
    const { logger, signal } = this.#options;
    if (signal.aborted) return;
    const isThere = this.cluster.pod(facts.uid) !== undefined;
    this.#takeBack(placed);
    if (!isThere) return;
    logger.warn(`binding ${facts.key} to ${nodeName}: ${messageOf(error)}`);
    if (!this.cluster.pod(facts.uid)) this.#queue.giveBackFailed(queued);
  }

  #takeBack({ facts, nodeName }: Placed): void {
    this.cluster.forget(facts);
    const node = this.cluster.nodes.find(nodeName);
    if (node !== undefined) this.#roomMaking.onRoom(node);
    this.#queue.onEvent({ type: "pod-removed", pod: facts, nodeName });
  }

  #schedulerOf({ pod }: PodFacts): OneScheduler {
    return this.#schedulers.get(schedulerOf(pod)) as OneScheduler;
  }
}
