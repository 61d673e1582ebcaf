import { type Pod, pods } from "#api";
import { type Clock, isNotFound, type Logger, messageOf, timestamp } from "#base";
import type { Client, EventRecorder } from "#client";
import { suggestionsFor } from "./explanation/suggestions.ts";
import { suggestionInWords } from "./explanation/words.ts";
import type { Cluster } from "./framework/cluster.ts";
import type { Nomination, Plugin } from "./framework/plugin.ts";
import type { PodFacts } from "./framework/pod-facts.ts";
import type { PodShape } from "./framework/pod-shape.ts";
import { explainRefusals, type Refusals } from "./framework/refusals.ts";
import { hintAgeMs, hintShare, parallelExplanations } from "./limits.ts";
import { Pipeline } from "./pipeline.ts";

export interface ExplainerOptions {
  readonly client: Client;
  readonly recorder: EventRecorder;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly cluster: Cluster;
}

/** What became of a pod that fits nowhere. */
export interface Refused {
  readonly refusals: Refusals;
  readonly nomination: Nomination | undefined;
  /** Those of its scheduler. */
  readonly plugins: readonly Plugin[];
}

interface Hint {
  /** Why nodes refused the pod when this was found out. */
  readonly reasons: string;
  readonly text: string;
  readonly atMs: number;
}

/** Tells people what became of pods: by events, and by the pod's condition. */
export class Explainer {
  readonly #options: ExplainerOptions;
  readonly #hints = new WeakMap<PodShape, Hint>();
  #nextHintMs = 0;
  readonly #writes = new Pipeline({ most: parallelExplanations });

  constructor(options: ExplainerOptions) {
    this.#options = options;
  }

  bound({ pod, key }: PodFacts, nodeName: string): void {
    const message = `Successfully assigned ${key} to ${nodeName}`;
    this.#options.recorder.record(known(pod), { type: "Normal", reason: "Scheduled", message });
  }

  /** Says why not, and what would help: in the pod's condition, and as an event. */
  refused({ pod, key, shape }: PodFacts, { refusals, nomination, plugins }: Refused): void {
    const { clock, recorder, logger } = this.#options;
    const reasons = explainRefusals(refusals);
    const message =
      reasons + (nomination ? roomInWords(nomination) : this.#hint(shape, { plugins, reasons }));
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

  /**
   * What would help pods of this shape. It costs a look at every node: what was said a moment ago is said again, while they are refused for the same reasons,
   * and only so much time goes into it.
   */
  #hint(shape: PodShape, { plugins, reasons }: { plugins: readonly Plugin[]; reasons: string }): string {
    const { clock, cluster } = this.#options;
    const beganMs = clock.monotonicMs();
    const last = this.#hints.get(shape);
    const known = last?.reasons === reasons ? last : undefined;
    if ((known && beganMs - known.atMs < hintAgeMs) || beganMs < this.#nextHintMs) return known?.text ?? "";
    const [smallest] = suggestionsFor(shape, { plugins, cluster, most: 1 });
    const text = smallest ? ` Smallest change: ${suggestionInWords(smallest)}.` : "";
    this.#hints.set(shape, { reasons, text, atMs: beganMs });
    this.#nextHintMs = beganMs + (clock.monotonicMs() - beganMs) / hintShare;
    return text;
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

function roomInWords({ nodeName, victims }: Nomination): string {
  const names = victims.map(({ key }) => key).join(", ");
  return ` Room is being made on ${nodeName}${names && `: ${names}`}.`;
}

/** Items of lists come without kind; an event must name it. */
function known(pod: Pod): Pod {
  return { ...pod, apiVersion: "v1", kind: "Pod" };
}
