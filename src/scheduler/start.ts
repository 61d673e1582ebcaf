import {
  csiNodes,
  jsonEqual,
  type KubernetesObject,
  namespaces,
  nodes,
  type Pod,
  persistentVolumeClaims,
  persistentVolumes,
  podDisruptionBudgets,
  pods,
  type Resource,
  replicaSets,
  replicationControllers,
  services,
  statefulSets,
  storageClasses,
} from "#api";
import {
  createEventRecorder,
  type EventRecorder,
  Informers,
  only,
  type ProgramOptions,
  runAsLeader,
  SharedParts,
} from "#client";
import { followConfiguration } from "./configuration/follow-configuration.ts";
import type { Lister } from "./framework/lister.ts";
import type { Profile } from "./framework/plugin.ts";
import { defaultSchedulerName } from "./limits.ts";
import { podOfScheduler } from "./pod-of-scheduler.ts";
import { Scheduler } from "./scheduler.ts";

export interface SchedulerProgramOptions extends ProgramOptions {
  /** The rules by scheduler name. Unless given, those that the cluster's configuration asks for, as it changes. */
  readonly profiles?: readonly Profile[];
}

/** Schedules pods until the signal aborts. Randomness breaks ties between equally good nodes. */
export function startScheduler(options: SchedulerProgramOptions): Promise<void> {
  return runAsLeader("kube-scheduler", options, (signal) => lead(options, signal));
}

async function lead(options: SchedulerProgramOptions, signal: AbortSignal): Promise<void> {
  const { profiles, logger } = options;
  const recorder = createEventRecorder({ ...options, component: defaultSchedulerName });
  const schedule = (by: readonly Profile[], until: AbortSignal) =>
    scheduleBy(by, { ...options, recorder, signal: until });
  if (profiles) await schedule(profiles, signal);
  else {
    const informers = new Informers({ ...options, signal });
    await followConfiguration({ informers, recorder, logger, signal, schedule });
  }
  await recorder.flush();
}

async function scheduleBy(
  profiles: readonly Profile[],
  options: ProgramOptions & { readonly recorder: EventRecorder },
): Promise<void> {
  const { signal } = options;
  const informers = new Informers(options);
  const client = informers.client();
  const scheduler = new Scheduler({ ...options, client, profiles });
  informers.of(nodes).addHandler({
    added: (node) => scheduler.onNode(node, undefined),
    updated: (node, old) => scheduler.onNode(node, old),
    deleted: (node) => scheduler.onNodeGone(node),
  });
  followObjects(informers, scheduler);
  const schedulers = new Set(profiles.map(({ schedulerName }) => schedulerName));
  const keeping = { schedulers, shared: new SharedParts() };
  informers.of(pods, { keep: (pod: Pod) => podOfScheduler(pod, keeping) }).addHandler({
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
}

/** Whatever plugins look up besides nodes and pods: a new kind is added here and in `Listers`. */
function followObjects(informers: Informers, scheduler: Scheduler): void {
  const { listers } = scheduler.cluster;
  const follow = <T extends Followed>(resource: Resource<T>, lister: Lister<T>, keep?: (object: T) => T) => {
    const set = (object: T) => {
      lister.set(object);
      scheduler.onObject(resource.resource, object);
    };
    const gone = (object: T) => {
      lister.delete(object);
      scheduler.onObject(resource.resource, object);
    };
    const updated = (object: T, old: T) => {
      if (!keep || !isSame(object, old)) set(object);
    };
    informers.of(resource, keep ? { keep } : {}).addHandler({ added: set, updated, deleted: gone });
  };
  follow(namespaces, listers.namespaces, ({ metadata = {} }) => ({
    metadata: only(metadata, [...identity, "labels"]),
  }));
  follow(services, listers.services, selectorOf);
  follow(replicationControllers, listers.replicationControllers, selectorOf);
  follow(replicaSets, listers.replicaSets, selectorOf);
  follow(statefulSets, listers.statefulSets, selectorOf);
  follow(podDisruptionBudgets, listers.podDisruptionBudgets, ({ metadata = {}, spec = {}, status = {} }) => ({
    metadata: only(metadata, identity),
    spec: only(spec, ["selector"]),
    status: only(status, ["disruptionsAllowed", "disruptedPods"]),
  }));
  // Whole, because plugins write them; whatever changes in them may matter.
  follow(persistentVolumeClaims, listers.persistentVolumeClaims);
  follow(persistentVolumes, listers.persistentVolumes);
  follow(storageClasses, listers.storageClasses);
  follow(csiNodes, listers.csiNodes);
}

type Followed = KubernetesObject & { readonly spec?: unknown; readonly status?: unknown };

const identity = ["name", "namespace", "uid", "resourceVersion"] as const;

/** Whether an object of which this little is kept did not change in it. */
function isSame(object: Followed, old: Followed): boolean {
  return (
    jsonEqual(object.spec, old.spec) &&
    jsonEqual(object.status, old.status) &&
    jsonEqual(object.metadata?.labels, old.metadata?.labels)
  );
}

/** Of whatever selects pods, which it selects. */
function selectorOf<T extends KubernetesObject & { readonly spec?: { readonly selector?: unknown } }>(
  object: T,
): T {
  const { metadata = {}, spec } = object;
  return { metadata: only(metadata, identity), spec: { selector: spec?.selector } } as T;
}
