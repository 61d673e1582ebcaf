import { setTimeout } from "node:timers/promises";
import { type Pod, pods } from "#api";
import { createClient } from "#client";
import { httpsTransport } from "#client/node";
import type { Endpoint } from "../load/load.ts";
import { percentile } from "../row.ts";
import { answerCalls } from "./calls.ts";
import type { Selector, Stage } from "./operations.ts";

/**
 * The independent watch: a program of its own that follows all pods and says how many have a node, since when, and how long each waited.
 * It knows nothing of who made them.
 */
export interface JudgeCalls {
  readonly [name: string]: (input: never) => Promise<unknown>;
  connect(input: { endpoint: Endpoint }): Promise<void>;
  /** Resolves when at least so many pods have been seen, and all of them that still exist have come so far. */
  reached(input: { pods: Pods; stage: Stage; count: number; timeoutMs: number }): Promise<void>;
  /** From now on counts when pods get their node. */
  start(input: { pods: Pods }): Promise<void>;
  stop(input: Record<string, never>): Promise<Counted>;
}

/** Which pods are meant; all namespaces when none is named. */
export interface Pods {
  readonly namespaces: readonly string[];
  readonly selector: Selector;
}

export interface Counted {
  readonly scheduled: number;
  /** From the start to the last pod that got its node. */
  readonly seconds: number;
  readonly perSecond: number;
  /** Throughput in whole seconds. */
  readonly samples: readonly number[];
  /** From the pod's creation to its node, as a client sees both. Milliseconds. */
  readonly latencyMs: { readonly p50: number; readonly p99: number };
}

interface Followed {
  readonly name: string;
  readonly namespace: string;
  readonly labels: Selector;
  readonly createdMs: number;
  wasAttempted: boolean;
  isGone: boolean;
  scheduledMs: number | undefined;
}

/** Every pod that was ever seen, by uid. */
const followed = new Map<string, Followed>();
let collecting: { pods: Pods; sinceMs: number; counted: Followed[] } | undefined;

answerCalls({
  async connect({ endpoint: { host, port, authority, certificate, key } }) {
    const transport = httpsTransport({
      server: `https://${host}:${port}`,
      authority,
      credentials: { certificate, key },
    });
    const client = createClient({ transport }).resource(pods);
    const { metadata } = await client.list({ limit: 1 });
    void follow(
      client.watchBatches({ resourceVersion: metadata?.resourceVersion ?? "0", omit: "managedFields" }),
    );
  },
  reached: ({ pods: which, stage, count, timeoutMs }) =>
    until(timeoutMs, () => {
      const all = matching(which);
      const left = all.filter((pod) => !hasReached(pod, stage)).length;
      if (all.length >= count && left === 0) return undefined;
      return `of ${count} pods ${all.length} were seen, and ${left} are not ${stage.toLowerCase()}`;
    }),
  async start({ pods: which }) {
    collecting = { pods: which, sinceMs: performance.now(), counted: [] };
  },
  async stop() {
    if (!collecting) throw new Error("nothing was counted");
    const { sinceMs, counted } = collecting;
    collecting = undefined;
    return countedOf(sinceMs, counted);
  },
} satisfies JudgeCalls);

async function follow(
  watch: AsyncIterable<readonly { readonly type: string; readonly object: Pod }[]>,
): Promise<void> {
  for await (const batch of watch) {
    const nowMs = performance.now();
    for (const { type, object } of batch) if (type !== "BOOKMARK") onPod(type, object, nowMs);
  }
  throw new Error("the watch ended");
}

function onPod(type: string, pod: Pod, nowMs: number): void {
  const { uid = "", name = "", namespace = "", labels = {} } = pod.metadata ?? {};
  let known = followed.get(uid);
  if (!known) {
    known = {
      name,
      namespace,
      labels,
      createdMs: nowMs,
      wasAttempted: false,
      isGone: false,
      scheduledMs: undefined,
    };
    followed.set(uid, known);
  }
  known.wasAttempted ||=
    pod.status?.conditions?.some((condition) => condition.type === "PodScheduled") ?? false;
  if (pod.spec?.nodeName && known.scheduledMs === undefined) {
    known.scheduledMs = nowMs;
    if (collecting && isMeant(known, collecting.pods)) collecting.counted.push(known);
  }
  if (type === "DELETED") known.isGone = true;
}

function isMeant({ namespace, labels }: Followed, { namespaces, selector }: Pods): boolean {
  if (namespaces.length > 0 && !namespaces.includes(namespace)) return false;
  return Object.entries(selector).every(([key, value]) => labels[key] === value);
}

function hasReached({ wasAttempted, isGone, scheduledMs }: Followed, stage: Stage): boolean {
  return isGone || scheduledMs !== undefined || (stage === "Attempted" && wasAttempted);
}

function matching(which: Pods): Followed[] {
  return [...followed.values()].filter((pod) => isMeant(pod, which));
}

/** `missing` says what is still waited for. It is asked now and then only: the judge is to take little of the machine that it judges. */
async function until(timeoutMs: number, missing: () => string | undefined): Promise<void> {
  const endMs = performance.now() + timeoutMs;
  for (let left = missing(); left !== undefined; left = missing()) {
    if (performance.now() > endMs) throw new Error(`after ${timeoutMs / 1000} s ${left}`);
    await setTimeout(lookEveryMs);
  }
}

const lookEveryMs = 100;

function countedOf(sinceMs: number, counted: readonly Followed[]): Counted {
  const times = counted.map(({ scheduledMs = 0 }) => scheduledMs);
  const seconds = (Math.max(sinceMs, ...times.slice(-1)) - sinceMs) / 1000;
  const samples = Array.from({ length: Math.floor(seconds) }, () => 0);
  for (const time of times) {
    const at = Math.floor((time - sinceMs) / 1000);
    if (at < samples.length) samples[at] = (samples[at] ?? 0) + 1;
  }
  const waits = counted.map(({ createdMs, scheduledMs = 0 }) => scheduledMs - createdMs);
  return {
    scheduled: counted.length,
    seconds,
    perSecond: seconds > 0 ? counted.length / seconds : Number.NaN,
    samples,
    latencyMs: { p50: percentile(waits, 0.5), p99: percentile(waits, 0.99) },
  };
}
