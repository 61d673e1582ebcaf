import { isPodTerminal, type Node, type Pod, pods } from "#api";
import {
  type Clock,
  isConflict,
  isNotFound,
  type Logger,
  type Metrics,
  messageOf,
  type Random,
  timestamp,
} from "#base";
import type { Client, EventRecorder } from "#client";
import { isRelevantChange, isSameToScheduling } from "./changes.ts";
import { Cluster } from "./framework/cluster.ts";
import { explain } from "./framework/explain.ts";
import { Placer } from "./framework/place.ts";
import type { Bind, ClusterEvent, Profile, QueuedPod, Rejection } from "./framework/plugin.ts";
import { factsOf, type PodFacts } from "./framework/pod-facts.ts";
import { parallelBinds, sliceMs } from "./limits.ts";
import { SchedulingQueue } from "./queue/scheduling-queue.ts";

export interface SchedulerOptions {
  readonly client: Client;
  readonly recorder: EventRecorder;
  readonly profile: Profile;
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
  readonly #options: SchedulerOptions;
  readonly #cluster = new Cluster();
  readonly #queue: SchedulingQueue;
  readonly #placer: Placer;
  readonly #bind: Bind;
  readonly #decisions: { add(amount?: number, labels?: Record<string, string>): void };
  #isSynced = false;
  #isRunning = false;
  #binding = 0;

  constructor(options: SchedulerOptions) {
    const { profile, clock, random, metrics } = options;
    this.#options = options;
    this.#placer = new Placer(profile.plugins, random);
    this.#bind = bindThrough(options.client);
    this.#decisions = metrics.counter("nacre_scheduler_decisions_total", "Scheduling decisions by result.");
    const wakesOn = new Map(profile.plugins.map(({ name, wakesOn }) => [name, new Set(wakesOn)]));
    this.#queue = new SchedulingQueue({
      clock,
      compare: profile.compare,
      gate: (facts) => firstOf(profile, (plugin) => plugin.preEnqueue?.(facts)),
      helps: (event, rejectedBy) => {
        // Refused by nobody: there was no node at all.
        if (rejectedBy.size === 0) return event === "node-added";
        for (const name of rejectedBy) if (wakesOn.get(name)?.has(event)) return true;
        return false;
      },
      onReady: () => this.#wake(),
    });
  }

  /** To be called once both informers are synced: before, the cluster would look emptier than it is. */
  start(): void {
    this.#isSynced = true;
    this.#wake();
  }

  stop(): void {
    this.#queue.close();
  }

  onNode(node: Node, old: Node | undefined): void {
    this.#cluster.setNode(node);
    if (!old) this.#tell("node-added");
    else if (isRelevantChange(node, old)) this.#tell("node-updated");
  }

  onNodeGone(node: Node): void {
    this.#cluster.removeNode(node.metadata?.name ?? "");
    this.#tell("node-removed");
  }

  onPod(pod: Pod, old: Pod | undefined): void {
    const uid = pod.metadata?.uid ?? "";
    if (isPodTerminal(pod)) {
      this.onPodGone(pod);
      return;
    }
    if (pod.spec?.nodeName) {
      this.#queue.remove(uid);
      if (old?.spec?.nodeName && isSameToScheduling(pod, old)) return;
      this.#cluster.setPod(pod);
      this.#tell("pod-added");
      return;
    }
    if (
      pod.spec?.schedulerName !== undefined &&
      pod.spec.schedulerName !== this.#options.profile.schedulerName
    )
      return;
    if (pod.metadata?.deletionTimestamp) {
      this.#queue.remove(uid);
      return;
    }
    if (this.#cluster.isAssumed(uid) || (old && isSameToScheduling(pod, old))) return;
    this.#queue.put(factsOf(pod));
  }

  onPodGone(pod: Pod): void {
    const uid = pod.metadata?.uid ?? "";
    this.#queue.remove(uid);
    if (!this.#cluster.holds(uid)) return;
    this.#cluster.removePod(uid);
    this.#tell("pod-removed");
  }

  #tell(event: ClusterEvent): void {
    this.#queue.onEvent(event);
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
      if (this.#binding >= parallelBinds || clock.monotonicMs() >= sliceEndMs) {
        await clock.sleep(this.#binding >= parallelBinds ? 1 : 0, signal).catch(() => {});
        sliceEndMs = clock.monotonicMs() + sliceMs;
        continue;
      }
      const next = this.#queue.pop();
      if (next) this.#decide(next);
    }
  }

  #decide(queued: QueuedPod): void {
    const { facts } = queued;
    const placement = this.#placer.place(facts, this.#cluster);
    this.#decisions.add(1, { result: placement.type });
    if (placement.type === "placed") {
      this.#cluster.assume(facts, placement.node.name);
      this.#binding += 1;
      void this.#place(queued, placement.node.name).finally(() => {
        this.#binding -= 1;
      });
      return;
    }
    this.#queue.giveBackUnschedulable(queued, placement.rejectedBy);
    void this.#refuse(facts, placement.rejections);
  }

  async #place(queued: QueuedPod, nodeName: string): Promise<void> {
    const { facts } = queued;
    const { recorder, profile, logger, signal } = this.#options;
    try {
      for (const plugin of profile.reserves) plugin.reserve(facts, nodeName);
      await this.#bind.bind(facts, nodeName, signal);
      const message = `Successfully assigned ${facts.key} to ${nodeName}`;
      recorder.record(known(facts.pod), { type: "Normal", reason: "Scheduled", message });
    } catch (error) {
      if (signal.aborted) return;
      for (const plugin of profile.reserves) plugin.unreserve(facts, nodeName);
      this.#cluster.forget(facts);
      this.#tell("pod-removed");
      if (isNotFound(error)) return;
      logger.warn(`binding ${facts.key} to ${nodeName}: ${messageOf(error)}`);
      if (!isConflict(error) && !this.#cluster.holds(facts.uid)) this.#queue.giveBackFailed(queued);
    }
  }

  /** Says why: in the pod's condition, and as an event. */
  async #refuse(facts: PodFacts, rejections: ReadonlyMap<string, Rejection>): Promise<void> {
    const { client, clock, recorder, logger } = this.#options;
    const message = explain(this.#cluster.nodes.length, rejections);
    recorder.record(known(facts.pod), { type: "Warning", reason: "FailedScheduling", message });
    const { name = "", namespace, uid } = facts.pod.metadata ?? {};
    const said = facts.pod.status?.conditions?.find((condition) => condition.type === "PodScheduled");
    if (said?.status === "False" && said.message === message) return;
    const lastTransitionTime = said?.status === "False" ? said.lastTransitionTime : timestamp(clock);
    const conditions = [
      { type: "PodScheduled", status: "False", reason: "Unschedulable", message, lastTransitionTime },
    ];
    try {
      const patch = { metadata: { uid }, status: { conditions } };
      await client
        .resource(pods, namespace)
        .patch(name, { type: "strategic", patch }, { subresource: "status" });
    } catch (error) {
      if (!isNotFound(error)) logger.warn(`telling why ${facts.key} is unschedulable: ${messageOf(error)}`);
    }
  }
}

function bindThrough(client: Client): Bind {
  return {
    async bind({ pod }, nodeName, signal) {
      const { name = "", namespace, uid } = pod.metadata ?? {};
      const target = { apiVersion: "v1", kind: "Node", name: nodeName };
      const binding = { apiVersion: "v1", kind: "Binding", metadata: { name, namespace, uid }, target };
      await client.resource(pods, namespace).postSubresource(name, "binding", binding, { signal });
    },
  };
}

function firstOf<R>(
  profile: Profile,
  ask: (plugin: Profile["plugins"][number]) => R | undefined,
): R | undefined {
  for (const plugin of profile.plugins) {
    const answer = ask(plugin);
    if (answer !== undefined) return answer;
  }
  return undefined;
}

/** Items of lists come without kind; an event must name it. */
function known(pod: Pod): Pod {
  return { ...pod, apiVersion: "v1", kind: "Pod" };
}
