import { type Pod, pods } from "#api";
import { type Clock, isConflict, isNotFound, type Logger, messageOf, timestamp } from "#base";
import type { Client, EventRecorder } from "#client";
import type { PodFacts } from "../framework/pod-facts.ts";
import { parallelEvictions } from "../limits.ts";
import { Pipeline } from "../pipeline.ts";
import { schedulerOf } from "../pod-of-scheduler.ts";

export interface EvictionsOptions {
  readonly client: Client;
  readonly recorder: EventRecorder;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Has the victim go without a write, if it is not yet bound: true when it does. */
  readonly giveUp: (victim: PodFacts, why: string) => boolean;
  /** A victim could not be made to go: who waits for its room is to think again. */
  readonly onFailed: (preemptor: PodFacts) => void;
}

/** Who makes room for whom, and where. */
export interface Preemption {
  readonly preemptor: PodFacts;
  readonly nodeName: string;
  readonly victims: readonly PodFacts[];
}

/** Carries out preemptions beside decisions: says on each victim why it goes, then deletes it with its grace. */
export class Evictions {
  readonly #options: EvictionsOptions;
  readonly #writes = new Pipeline({ most: parallelEvictions });
  readonly #condemned = new Map<string, PodFacts>();

  constructor(options: EvictionsOptions) {
    this.#options = options;
  }

  /** Victims of which the API does not yet say that they go, by UID. */
  get condemned(): ReadonlyMap<string, PodFacts> {
    return this.#condemned;
  }

  start({ preemptor, nodeName, victims }: Preemption): void {
    for (const victim of victims) {
      if (victim.isTerminating || this.#condemned.has(victim.uid)) continue;
      if (this.#options.giveUp(victim, `preempted by ${preemptor.key}`)) {
        this.#tell(victim, preemptor, nodeName);
        continue;
      }
      this.#condemned.set(victim.uid, victim);
      this.#writes.start(() => this.#evict(victim, preemptor, nodeName));
    }
  }

  /** It is seen to go, or gone. */
  onGoing(uid: string): void {
    this.#condemned.delete(uid);
  }

  async #evict(victim: PodFacts, preemptor: PodFacts, nodeName: string): Promise<void> {
    const { logger, onFailed } = this.#options;
    try {
      await this.#tellWhy(victim.pod, preemptor.pod);
      await this.#delete(victim.pod);
      this.#tell(victim, preemptor, nodeName);
    } catch (error) {
      this.#condemned.delete(victim.uid);
      // Gone by itself, or another pod of the same name by now.
      if (isNotFound(error) || isConflict(error)) return;
      logger.warn(`evicting ${victim.key} to make room for ${preemptor.key}: ${messageOf(error)}`);
      onFailed(preemptor);
    }
  }

  #tell(victim: PodFacts, preemptor: PodFacts, nodeName: string): void {
    const message = `Preempted by pod ${preemptor.uid} on node ${nodeName}`;
    this.#options.recorder.record(known(victim.pod), { type: "Normal", reason: "Preempted", message });
  }

  async #tellWhy({ metadata = {} }: Pod, preemptor: Pod): Promise<void> {
    const { client, clock } = this.#options;
    const { name = "", namespace, uid } = metadata;
    const condition = {
      type: "DisruptionTarget",
      status: "True",
      reason: "PreemptionByScheduler",
      message: `${schedulerOf(preemptor)}: preempting to accommodate a higher priority pod`,
      lastTransitionTime: timestamp(clock),
    };
    const patch = { metadata: { uid }, status: { conditions: [condition] } };
    await client
      .resource<Pod>(pods, namespace)
      .patch(name, { type: "strategic", patch }, { subresource: "status" });
  }

  async #delete({ metadata = {} }: Pod): Promise<void> {
    const { name = "", namespace, uid } = metadata;
    const preconditions = uid === undefined ? {} : { uid };
    await this.#options.client.resource<Pod>(pods, namespace).delete(name, { preconditions });
  }
}

/** Items of lists come without kind; an event must name it. */
function known(pod: Pod): Pod {
  return { ...pod, apiVersion: "v1", kind: "Pod" };
}
