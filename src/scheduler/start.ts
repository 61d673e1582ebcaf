import { nodes, pods } from "#api";
import { createEventRecorder, Informers, type ProgramOptions, runAsLeader } from "#client";
import { defaultProfile } from "./plugins/registry.ts";
import { podOfScheduler } from "./pod-of-scheduler.ts";
import { Scheduler } from "./scheduler.ts";

/** Schedules pods until the signal aborts. Randomness breaks ties between equally good nodes. */
export function startScheduler(options: ProgramOptions): Promise<void> {
  return runAsLeader("kube-scheduler", options, (signal) => lead(options, signal));
}

async function lead(options: ProgramOptions, signal: AbortSignal): Promise<void> {
  const informers = new Informers({ ...options, signal });
  const recorder = createEventRecorder({ ...options, component: defaultProfile.schedulerName });
  const client = informers.client();
  const scheduler = new Scheduler({ ...options, client, recorder, profile: defaultProfile, signal });
  informers.of(nodes).addHandler({
    added: (node) => scheduler.onNode(node, undefined),
    updated: (node, old) => scheduler.onNode(node, old),
    deleted: (node) => scheduler.onNodeGone(node),
  });
  informers.of(pods, { keep: (pod) => podOfScheduler(pod, defaultProfile) }).addHandler({
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
