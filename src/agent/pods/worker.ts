import type { Container, Pod, PodStatus } from "#api";
import type { Timer } from "#base";
import type { Container as RuntimeContainer } from "#runtime";
import { exitedRun } from "../containers/ended.ts";
import type { AgentContext } from "../context.ts";
import type { ImagePuller } from "../images/puller.ts";
import { limits } from "../limits.ts";
import type { ProbeDialer } from "../probes/dialer.ts";
import { Prober } from "../probes/prober.ts";
import type { Semaphore } from "../semaphore.ts";
import { podStatus } from "../status/pod-status.ts";
import type { StatusWriter } from "../status/status-writer.ts";
import { containersOf } from "./containers.ts";
import { advance } from "./decide.ts";
import { type Fact, learn } from "./facts.ts";
import { addressesOf, type Observation, type RunningRun } from "./observation.ts";
import { PodOperations } from "./operations.ts";

export interface PodWorkerOptions {
  readonly context: AgentContext;
  readonly puller: ImagePuller;
  readonly dialer: ProbeDialer;
  readonly statuses: StatusWriter;
  /** Bounds how many sandboxes are made at the same time. */
  readonly starts: Semaphore;
  readonly pod: Pod;
  readonly observation: Observation;
  /** The pod is gone from here and from the API. */
  readonly onForgotten: (pod: Pod) => void;
}

/**
 * Looks after one pod. Facts come in one after another; after each, `advance` says what to do; actions run side by
 * side and end as facts. Nothing else changes what the worker knows.
 */
export class PodWorker {
  readonly #options: PodWorkerOptions;
  readonly #operations: PodOperations;
  readonly #probers = new Map<string, { readonly id: string; readonly prober: Prober }>();
  /** Ends what a pod that is ending has no more use for: pulls, postStart hooks. */
  readonly #starting = new AbortController();
  /** As last published: transition times come from it. */
  #status: PodStatus | undefined;
  readonly #watchers = new Set<() => void>();
  #pod: Pod;
  #seen: Observation;
  #timer: Timer | undefined;
  #scheduled = false;
  #closed = false;

  constructor(options: PodWorkerOptions) {
    this.#options = options;
    this.#pod = options.pod;
    this.#seen = options.observation;
    this.#status = options.pod.status;
    this.#operations = new PodOperations({
      ...options,
      pod: () => this.#pod,
      seen: () => this.#seen,
      learn: (fact) => this.learn(fact),
      ending: this.#starting.signal,
      closed: () => this.#closed,
      onForgotten: () => {
        this.close();
        options.onForgotten(this.#pod);
      },
    });
    this.#schedule();
  }

  get pod(): Pod {
    return this.#pod;
  }

  get observation(): Observation {
    return this.#seen;
  }

  /** As it stands, whether or not the API has it yet. */
  get status(): PodStatus | undefined {
    return this.#status;
  }

  /** A newer version of the object. */
  update(pod: Pod): void {
    const before = this.#pod;
    this.#pod = pod;
    this.#options.statuses.observe(pod);
    if (pod.metadata?.deletionTimestamp) this.#stopFor(pod);
    if (whatFilesSay(before) !== whatFilesSay(pod)) this.#operations.volumes.refresh();
    for (const container of containersOf(pod).all) {
      const old = containersOf(before).all.find((one) => one.name === container.name);
      if (!old) this.learn({ type: "containerAdded", container: container.name });
      else if (old.image !== container.image) this.learn({ type: "imageChanged", container: container.name });
    }
    this.#schedule();
  }

  /** The object is gone from the API: what is left of the pod ends soon. */
  removed(): void {
    this.#stopFor(this.#pod);
    this.learn({ type: "gone" });
  }

  learn(fact: Fact): void {
    this.#seen = learn(this.#seen, fact, this.#options.context.clock.now());
    this.#schedule();
  }

  /** It takes more of the machine than it may, or than the machine has: it fails, at once. */
  evict(message: string, cause: { readonly isDisruption?: true } = {}): void {
    const { clock, events } = this.#options.context;
    const failed = { reason: "Evicted", message, ...cause };
    events.warning({ pod: this.#pod }, failed.reason, message);
    const stop = { cause: "evicted" as const, requestedAt: clock.now(), graceMs: 0, failed };
    this.learn({ type: "stopWanted", stop });
  }

  /** One of its containers has ended. */
  async exited(container: RuntimeContainer): Promise<void> {
    const { host, clock } = this.#options.context;
    this.learn({
      type: "exited",
      container: container.name,
      run: await exitedRun(host, container, clock.now()),
    });
  }

  /** Aborted once that run of a container is no longer the one that runs. `signal`: nobody waits any more. */
  whenEnded(name: string, attempt: number, signal: AbortSignal): AbortSignal {
    const ended = new AbortController();
    const check = () => {
      const run = this.#seen.containers[name]?.run;
      if (run?.is === "running" && run.attempt === attempt) return;
      ended.abort();
      this.#watchers.delete(check);
    };
    this.#watchers.add(check);
    signal.addEventListener("abort", () => this.#watchers.delete(check), { once: true });
    check();
    return ended.signal;
  }

  /** The agent ends; the pod goes on. */
  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
    this.#operations.volumes.close();
    for (const { prober } of this.#probers.values()) prober.close();
    this.#starting.abort();
    this.#options.statuses.forget(this.#pod.metadata?.uid ?? "");
  }

  #stopFor(pod: Pod): void {
    const seconds =
      pod.metadata?.deletionGracePeriodSeconds ??
      pod.spec?.terminationGracePeriodSeconds ??
      limits.defaultGraceSeconds;
    const stop = {
      cause: "deleted" as const,
      requestedAt: this.#options.context.clock.now(),
      graceMs: seconds * 1000,
    };
    this.learn({ type: "stopWanted", stop });
  }

  #schedule(): void {
    if (this.#scheduled || this.#closed) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      if (!this.#closed) this.#turn();
    });
  }

  #turn(): void {
    const { clock, logger } = this.#options.context;
    this.#timer?.cancel();
    const before = this.#seen.state;
    const { observation, actions, wakeAt } = advance(this.#pod, this.#seen, clock.now());
    this.#seen = observation;
    if (before !== observation.state) {
      logger.debug(
        `pod ${this.#pod.metadata?.namespace}/${this.#pod.metadata?.name}: ${before} → ${observation.state}`,
      );
    }
    if (observation.stop) this.#starting.abort();
    for (const action of actions) void this.#operations.perform(action);
    this.#probe();
    this.#publish();
    for (const check of [...this.#watchers]) check();
    if (wakeAt !== undefined) {
      this.#timer = clock.setTimer(Math.max(wakeAt - clock.now(), 0), () => this.#turn(), { unref: true });
    }
  }

  #publish(): void {
    const { context, statuses } = this.#options;
    const { cause } = this.#seen.stop ?? {};
    // What was over before this agent saw it has its last status already.
    if (cause === "over" || this.#seen.state === "Forgotten") return;
    this.#status = podStatus(this.#pod, this.#seen, {
      hostAddresses: context.hostAddresses,
      before: this.#status,
      now: context.clock.now(),
    });
    const published = this.#status;
    statuses.publish(this.#pod, published, () => {
      if (this.#seen.state === "Finished" && this.#status === published && !this.#seen.reported) {
        this.learn({ type: "reported" });
      }
    });
  }

  /** Every container that runs has its prober, and no other has one. */
  #probe(): void {
    for (const container of containersOf(this.#pod).all) {
      const own = this.#seen.containers[container.name];
      const known = this.#probers.get(container.name);
      const runs = own?.run.is === "running" && own.operation.is !== "hooking" ? own.run : undefined;
      if (known && known.id !== runs?.id) {
        known.prober.close();
        this.#probers.delete(container.name);
      }
      if (this.#seen.state === "Stopping") known?.prober.readinessOnly();
      else if (runs && known?.id !== runs.id && this.#seen.sandbox.is === "done")
        this.#beginProbing(container, runs);
    }
  }

  #beginProbing(container: Container, run: RunningRun): void {
    const { context, dialer } = this.#options;
    const own = this.#seen.containers[container.name];
    const prober = new Prober({
      ...context,
      pod: this.#pod,
      container,
      id: run.id,
      startedAt: run.startedAt,
      address: addressesOf(this.#seen)[0] ?? "127.0.0.1",
      adopted: own?.started ? { started: true, ready: own.ready } : undefined,
      dialer,
      learn: (fact) => this.learn(fact),
    });
    this.#probers.set(container.name, { id: run.id, prober });
  }
}

/** What may change while a pod lives and stands in its downwardAPI volumes. */
function whatFilesSay({ metadata }: Pod): string {
  return JSON.stringify([metadata?.labels, metadata?.annotations]);
}
