import { nodes, pods } from "#api";
import type { Clock, Logger, Metrics, Random } from "#base";
import { type Client, createEventRecorder, Informers, runLeaderElection } from "#client";
import { defaultProfile } from "./plugins/registry.ts";
import { Scheduler } from "./scheduler.ts";

export interface SchedulerStartOptions {
  readonly client: Client;
  readonly clock: Clock;
  /** Breaks ties between equally good nodes. */
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Ends the scheduler. */
  readonly signal: AbortSignal;
  /** Who this is, when several programs may schedule: only the leader does. The same after a restart. Without it, it starts at once. */
  readonly identity?: string;
}

/** Schedules pods until the signal aborts. */
export async function startScheduler(options: SchedulerStartOptions): Promise<void> {
  const { identity } = options;
  if (identity === undefined) return lead(options, options.signal);
  await runLeaderElection({
    ...options,
    identity,
    name: "kube-scheduler",
    namespace: "kube-system",
    lead: (signal) => lead(options, signal),
  });
}

async function lead(options: SchedulerStartOptions, signal: AbortSignal): Promise<void> {
  const informers = new Informers({ ...options, signal });
  const recorder = createEventRecorder({ ...options, component: defaultProfile.schedulerName });
  const client = informers.client();
  const scheduler = new Scheduler({ ...options, client, recorder, profile: defaultProfile, signal });
  informers.of(nodes).addHandler({
    added: (node) => scheduler.onNode(node, undefined),
    updated: (node, old) => scheduler.onNode(node, old),
    deleted: (node) => scheduler.onNodeGone(node),
  });
  informers.of(pods).addHandler({
    added: (pod) => scheduler.onPod(pod, undefined),
    updated: (pod, old) => scheduler.onPod(pod, old),
    deleted: (pod) => scheduler.onPodGone(pod),
  });
  const stopped = new Promise<void>((resolve) =>
    signal.addEventListener("abort", () => resolve(), { once: true }),
  );
  await informers.synced().then(
    () => scheduler.start(),
    () => {},
  );
  if (!signal.aborted) await stopped;
  scheduler.stop();
  await recorder.flush();
}
