import { type Pod, pods } from "#api";
import { type Clock, isNotFound, type Logger, messageOf, timestamp } from "#base";
import type { Client, EventRecorder } from "#client";
import type { Nomination } from "./framework/plugin.ts";
import type { PodFacts } from "./framework/pod-facts.ts";
import { explainRefusals, type Refusals } from "./framework/refusals.ts";
import { parallelExplanations } from "./limits.ts";
import { Pipeline } from "./pipeline.ts";

export interface ExplainerOptions {
  readonly client: Client;
  readonly recorder: EventRecorder;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Tells people what became of pods: by events, and by the pod's condition. */
export class Explainer {
  readonly #options: ExplainerOptions;
  readonly #writes = new Pipeline({ most: parallelExplanations });

  constructor(options: ExplainerOptions) {
    this.#options = options;
  }

  bound({ pod, key }: PodFacts, nodeName: string): void {
    const message = `Successfully assigned ${key} to ${nodeName}`;
    this.#options.recorder.record(known(pod), { type: "Normal", reason: "Scheduled", message });
  }

  /** Says why not: in the pod's condition, and as an event. */
  refused({ pod, key }: PodFacts, refusals: Refusals, nomination: Nomination | undefined): void {
    const { clock, recorder, logger } = this.#options;
    const message = explainRefusals(refusals);
    recorder.record(known(pod), { type: "Warning", reason: "FailedScheduling", message });
    const nominatedNodeName = nomination?.nodeName;
    const said = pod.status?.conditions?.find((condition) => condition.type === "PodScheduled");
    const isNominatedSo = pod.status?.nominatedNodeName === nominatedNodeName;
    if (said?.status === "False" && said.message === message && isNominatedSo) return;
    const lastTransitionTime = said?.status === "False" ? said.lastTransitionTime : timestamp(clock);
    const condition = {
      type: "PodScheduled",
      status: "False",
      reason: "Unschedulable",
      message,
      lastTransitionTime,
    };
    const status = {
      conditions: [condition],
      ...(isNominatedSo ? {} : { nominatedNodeName: nominatedNodeName ?? null }),
    };
    this.#writes.start(() =>
      this.#patch(pod, status).catch((error) => {
        if (!isNotFound(error)) logger.warn(`telling why ${key} is unschedulable: ${messageOf(error)}`);
      }),
    );
  }

  /** It no longer waits for the node that it was told to wait for. */
  turnedAway({ pod, key }: PodFacts): void {
    if (pod.status?.nominatedNodeName === undefined) return;
    this.#writes.start(() =>
      this.#patch(pod, { nominatedNodeName: null }).catch((error) => {
        if (!isNotFound(error)) {
          this.#options.logger.warn(`taking back the nominated node of ${key}: ${messageOf(error)}`);
        }
      }),
    );
  }

  async #patch({ metadata = {} }: Pod, status: object): Promise<void> {
    const { name = "", namespace, uid } = metadata;
    const patch = { metadata: { uid }, status };
    await this.#options.client
      .resource(pods, namespace)
      .patch(name, { type: "strategic", patch }, { subresource: "status" });
  }
}

/** Items of lists come without kind; an event must name it. */
function known(pod: Pod): Pod {
  return { ...pod, apiVersion: "v1", kind: "Pod" };
}
