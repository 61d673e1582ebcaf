import { isPodTerminal, type Pod } from "#api";
import { messageOf } from "#base";
import type { Informer } from "#client";
import type { Container as RuntimeContainer, Sandbox } from "#runtime";
import { removeSandbox } from "../containers/sandbox.ts";
import type { AgentContext } from "../context.ts";
import type { ImagePuller } from "../images/puller.ts";
import { podNameOf } from "../layout.ts";
import { limits } from "../limits.ts";
import type { ProbeDialer } from "../probes/dialer.ts";
import { Semaphore } from "../semaphore.ts";
import type { StatusWriter } from "../status/status-writer.ts";
import { removePodFiles } from "../volumes/pod-volumes.ts";
import { admit, type NodeOffer, selects } from "./admission.ts";
import { adopt, recall } from "./adopt.ts";
import type { Checkpoint } from "./checkpoint.ts";
import { containersOf } from "./containers.ts";
import { newObservation, type Observation } from "./observation.ts";
import { PodWorker } from "./worker.ts";

export interface PodsOptions {
  readonly context: AgentContext;
  readonly informer: Informer<Pod>;
  readonly checkpoint: Checkpoint;
  readonly puller: ImagePuller;
  readonly dialer: ProbeDialer;
  readonly statuses: StatusWriter;
  readonly offer: () => NodeOffer;
  /** Asks the API for what the node's offer depends on. */
  readonly refresh: () => Promise<void>;
}

/** All pods of the node: one worker each, from the first sight of the object to its end and a little beyond. */
export class Pods {
  readonly #options: PodsOptions;
  readonly #workers = new Map<string, PodWorker>();
  readonly #starts = new Semaphore(limits.parallelStarts);
  /** Found at the start, not yet claimed by a pod. */
  readonly #sandboxes = new Map<string, Sandbox>();
  readonly #found = new Map<string, RuntimeContainer[]>();
  #events: { close(): void } | undefined;
  readonly #known = Promise.withResolvers<void>();
  #closed = false;

  constructor(options: PodsOptions) {
    this.#options = options;
  }

  /** By uid. */
  get workers(): ReadonlyMap<string, PodWorker> {
    return this.#workers;
  }

  /** Resolves when everything that the API lists has its worker. */
  get known(): Promise<void> {
    return this.#known.promise;
  }

  /** The pod that has this name now. One before it, deleted without grace, may still be on its way out. */
  byName(namespace: string, name: string): PodWorker | undefined {
    return [...this.#workers.values()].findLast(
      ({ pod }) => pod.metadata?.name === name && pod.metadata.namespace === namespace,
    );
  }

  /** Finds what runs, then follows the API; when that does not answer, begins with the pods it last knew. */
  async start(): Promise<void> {
    const { context, informer, checkpoint } = this.#options;
    // Listening first: an exit while the list is made is seen by one or the other.
    this.#events = context.runtime.events((event) => {
      if (event.type === "exited") this.#exited(event.container);
    });
    const [sandboxes, containers, known] = await Promise.all([
      context.runtime.sandboxes(),
      context.runtime.containers(),
      checkpoint.load(),
    ]);
    for (const sandbox of sandboxes) this.#sandboxes.set(sandbox.id, sandbox);
    for (const container of containers) this.#remember(container);
    // Services too: a container knows those that are there when it starts, and no others for as long as it runs.
    const listed = Promise.all([informer.synced, context.services.synced]).then(() => true);
    const timeout = context.clock.sleep(limits.firstListMs).then(() => false);
    const inTime = await Promise.race([listed, timeout]).catch(() => false);
    if (this.#closed) return;
    if (!inTime) {
      context.logger.warn(`the API does not answer: going by the ${known.length} pods known before`);
      for (const pod of known) await this.#add(pod);
    }
    void listed.then(() => this.#follow()).catch(() => {});
  }

  /** Containers go on; what was to be remembered of them is on disk. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#events?.close();
    for (const worker of this.#workers.values()) worker.close();
    this.#workers.clear();
    await this.#options.checkpoint.settled();
  }

  /** The list is known for sure now. */
  async #follow(): Promise<void> {
    if (this.#closed) return;
    const { informer } = this.#options;
    const listed = [...informer.values()].sort(byCreation);
    const uids = new Set(listed.map((pod) => pod.metadata?.uid));
    for (const [uid, worker] of [...this.#workers]) if (!uids.has(uid)) worker.removed();
    const adopting = listed.map((pod) => this.#add(pod));
    informer.addHandler({
      added: (pod) => void this.#add(pod),
      updated: (pod) => this.#update(pod),
      deleted: (pod) => this.#workers.get(pod.metadata?.uid ?? "")?.removed(),
    });
    await Promise.all(adopting);
    this.#known.resolve();
    await this.#removeOrphans(uids);
  }

  async #add(pod: Pod): Promise<void> {
    const uid = pod.metadata?.uid ?? "";
    if (this.#workers.has(uid)) return this.#update(pod);
    const { context, checkpoint } = this.#options;
    const sandbox = this.#sandboxes.get(uid);
    const found = this.#found.get(uid) ?? [];
    const containers = found.filter((one) => one.state !== "created");
    this.#sandboxes.delete(uid);
    checkpoint.save(pod);
    const isNew = !sandbox && found.length === 0;
    // One that was created but never started is of no use: it is made anew, and counts for nothing.
    for (const one of found) if (one.state === "created") await context.runtime.removeContainer(one.id);
    // The scheduler may have seen a label before this node was told of it.
    if (isNew && !selects(pod, this.#options.offer())) await this.#options.refresh().catch(() => {});
    // From here to the worker nothing is awaited for a new pod: two that do not fit together are not both admitted.
    const observation = isNew
      ? this.#first(pod)
      : await adopt(context.host, pod, { sandbox, containers }, context.clock.now());
    if (this.#closed || this.#workers.has(uid)) return;
    const worker = this.#start(
      pod,
      isPodTerminal(pod) ? over(observation, context.clock.now()) : observation,
    );
    this.#catchUp(worker);
    // What ended while it was being adopted.
    for (const container of this.#found.get(uid) ?? []) {
      if (!found.includes(container) && container.state !== "running") this.#exited(container);
    }
    this.#found.delete(uid);
  }

  /** What became of the object in the API before its worker was there to be told. */
  #catchUp(worker: PodWorker): void {
    const { informer } = this.#options;
    const { name = "", namespace, uid } = worker.pod.metadata ?? {};
    const now = informer.get(name, namespace);
    if (now?.metadata?.uid === uid) {
      if (now !== worker.pod) worker.update(now as Pod);
    } else if (informer.isSynced) worker.removed();
  }

  #start(pod: Pod, observation: Observation): PodWorker {
    const worker = new PodWorker({
      ...this.#options,
      starts: this.#starts,
      pod,
      observation,
      onForgotten: (forgotten) => void this.#forget(forgotten),
    });
    this.#workers.set(pod.metadata?.uid ?? "", worker);
    // Deleted before it was ever seen here.
    if (pod.metadata?.deletionTimestamp) worker.update(pod);
    return worker;
  }

  /** A pod of which nothing is here: new, or lost with its sandbox. */
  #first(pod: Pod): Observation {
    const { context, offer } = this.#options;
    const now = context.clock.now();
    const names = containersOf(pod).all.map((container) => container.name);
    const observation = newObservation(names, pod.status?.startTime ? Date.parse(pod.status.startTime) : now);
    const others = [...this.#workers.values()]
      .filter((worker) => !worker.observation.stop)
      .map((worker) => worker.pod);
    const rejection = pod.status?.startTime ? undefined : admit(pod, others, offer());
    if (!rejection) return recall(pod, observation, now);
    context.events.warning({ pod }, rejection.reason, rejection.message.replace(/^Pod was rejected: /, ""));
    const stop = { cause: "rejected" as const, requestedAt: now, graceMs: 0, failed: rejection };
    return { ...observation, state: "Cleaning", stop };
  }

  #update(pod: Pod): void {
    this.#options.checkpoint.save(pod);
    const worker = this.#workers.get(pod.metadata?.uid ?? "");
    if (worker) worker.update(pod);
    else void this.#add(pod);
  }

  #exited(container: RuntimeContainer): void {
    const worker = this.#workers.get(container.sandboxId);
    if (worker) void worker.exited(container);
    else this.#remember(container);
  }

  #remember(container: RuntimeContainer): void {
    const known = (this.#found.get(container.sandboxId) ?? []).filter((one) => one.id !== container.id);
    this.#found.set(container.sandboxId, [...known, container]);
  }

  async #forget(pod: Pod): Promise<void> {
    const { context, checkpoint } = this.#options;
    const uid = pod.metadata?.uid ?? "";
    this.#workers.delete(uid);
    checkpoint.remove(uid);
    await context.host.files
      .remove(context.layout.podLogs(podNameOf(pod)))
      .catch((error) => context.logger.warn(`removing logs of ${pod.metadata?.name}: ${messageOf(error)}`));
  }

  /** Sandboxes, addresses and directories of pods that no longer exist. */
  async #removeOrphans(uids: ReadonlySet<string | undefined>): Promise<void> {
    const { context, checkpoint } = this.#options;
    const { runtime, network, host, layout, logger } = context;
    const isOrphan = (uid: string) => !uids.has(uid) && !this.#workers.has(uid);
    const known = new Set([
      ...(await runtime.sandboxes()).map((sandbox) => sandbox.id),
      ...(await network.leases()).keys(),
      ...(await host.files.list(layout.pods)),
      ...(await host.files.list(layout.memoryPods)),
    ]);
    for (const uid of known) {
      if (!isOrphan(uid)) continue;
      logger.info(`removing what is left of pod ${uid}, which no longer exists`);
      try {
        await removeSandbox(context, uid);
        await removePodFiles(context, uid);
        checkpoint.remove(uid);
      } catch (error) {
        logger.warn(`removing what is left of pod ${uid}: ${messageOf(error)}`);
      }
    }
    for (const directory of await host.files.list(layout.logs)) {
      const uid = directory.slice(directory.lastIndexOf("_") + 1);
      if (directory.includes("_") && isOrphan(uid)) await host.files.remove(`${layout.logs}/${directory}`);
    }
  }
}

/** It ended before this agent saw it: only what is left of it has to go. */
function over(observation: Observation, now: number): Observation {
  const stop = { cause: "over" as const, requestedAt: now, graceMs: 0 };
  return { ...observation, state: "Cleaning", stop, reported: true };
}

function byCreation(a: Pod, b: Pod): number {
  return (a.metadata?.creationTimestamp ?? "") < (b.metadata?.creationTimestamp ?? "") ? -1 : 1;
}
