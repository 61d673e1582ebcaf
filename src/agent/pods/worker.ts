import { type Container, type Pod, type PodStatus, pods } from "#api";
import { isAborted, isNotFound, messageOf, must, type Timer } from "#base";
import type { Container as RuntimeContainer } from "#runtime";
import { exitedRun } from "../containers/ended.ts";
import { runHook } from "../containers/hooks.ts";
import { createSandbox, removeSandbox } from "../containers/sandbox.ts";
import { StartFailed, startContainer } from "../containers/start.ts";
import { stopContainer } from "../containers/stop.ts";
import type { AgentContext } from "../context.ts";
import type { FieldContext } from "../environment/fields.ts";
import type { ImagePuller } from "../images/puller.ts";
import { limits } from "../limits.ts";
import type { ProbeDialer } from "../probes/dialer.ts";
import { Prober } from "../probes/prober.ts";
import type { Semaphore } from "../semaphore.ts";
import { podStatus } from "../status/pod-status.ts";
import type { StatusWriter } from "../status/status-writer.ts";
import { PodVolumes } from "../volumes/pod-volumes.ts";
import { environmentReferences } from "../volumes/references.ts";
import { containersOf } from "./containers.ts";
import { type Action, advance } from "./decide.ts";
import { type Fact, learn } from "./facts.ts";
import { ContainerFault } from "./fault.ts";
import type { Observation, RunningRun } from "./observation.ts";

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
  readonly #volumes: PodVolumes;
  readonly #probers = new Map<string, { readonly id: string; readonly prober: Prober }>();
  /** Ends what a pod that is ending has no more use for: pulls, postStart hooks. */
  readonly #starting = new AbortController();
  readonly #hooks = new Map<string, AbortController>();
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
    this.#volumes = new PodVolumes({
      context: options.context,
      pod: () => this.#pod,
      fields: () => this.#fields(),
      onSourceChanged: () => this.learn({ type: "sourceChanged" }),
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
    if (pod.metadata?.deletionTimestamp) this.#stopFor(pod);
    if (JSON.stringify(before.metadata?.labels) !== JSON.stringify(pod.metadata?.labels))
      this.#volumes.refresh();
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
    this.#volumes.close();
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
    for (const action of actions) void this.#perform(action);
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
      address: this.#addresses()[0] ?? "127.0.0.1",
      adopted: own?.started ? { started: true, ready: own.ready } : undefined,
      dialer,
      learn: (fact) => this.learn(fact),
    });
    this.#probers.set(container.name, { id: run.id, prober });
  }

  async #perform(action: Action): Promise<void> {
    try {
      await this.#carryOut(action);
    } catch (error) {
      if (this.#closed || isAborted(error)) return;
      this.#options.context.logger.error(
        `pod ${this.#pod.metadata?.name}: ${action.type} failed: ${messageOf(error)}`,
        { error },
      );
    }
  }

  async #carryOut(action: Action): Promise<void> {
    const { context } = this.#options;
    switch (action.type) {
      case "mountVolumes":
        return this.#ending(this.#volumes.setUp(), { type: "volumesMounted" }, "volumesFailed");
      case "createSandbox":
        try {
          const made = this.#options.starts.run(undefined, () => createSandbox(context, this.#pod));
          this.learn({ type: "sandboxReady", sandbox: await made });
        } catch (error) {
          this.learn({ type: "sandboxFailed", message: messageOf(error) });
        }
        return;
      case "pullImage":
        return this.#pullImage(action.container);
      case "startContainer":
        return this.#startContainer(action);
      case "stopContainer":
        return this.#stopContainer(action);
      case "announceBackOff":
        return context.events.warning(
          { pod: this.#pod, container: action.container },
          "BackOff",
          `Back-off restarting failed container ${action.container} in pod ${this.#label()}`,
        );
      case "announcePullBackOff": {
        const about = { pod: this.#pod, container: action.container };
        const { image } = this.#container(action.container);
        context.events.normal(about, "BackOff", `Back-off pulling image "${image}"`);
        return context.events.warning(about, "Failed", "Error: ImagePullBackOff");
      }
      case "clean":
        return this.#ending(this.#clean(), { type: "cleaned" }, "cleaningFailed");
      case "deletePod":
        return this.#ending(this.#deletePod(), { type: "removed" }, "removalFailed");
      case "forget":
        this.close();
        return this.#options.onForgotten(this.#pod);
    }
  }

  /** Turns the outcome of a piece of work into a fact. */
  async #ending(
    work: Promise<void>,
    done: Fact,
    failed: "volumesFailed" | "cleaningFailed" | "removalFailed",
  ): Promise<void> {
    try {
      await work;
      this.learn(done);
    } catch (error) {
      this.learn({ type: failed, message: messageOf(error) });
    }
  }

  async #pullImage(name: string): Promise<void> {
    const { puller } = this.#options;
    try {
      const image = await puller.ensure(this.#pod, this.#container(name), this.#starting.signal);
      this.learn({ type: "imagePresent", container: name, image });
    } catch (error) {
      if (this.#starting.signal.aborted) return;
      const reason = error instanceof ContainerFault ? error.reason : "ErrImagePull";
      this.learn({ type: "imageFailed", container: name, reason, message: messageOf(error) });
    }
  }

  async #startContainer(action: Extract<Action, { type: "startContainer" }>): Promise<void> {
    const { context } = this.#options;
    const container = this.#container(action.container);
    const { image } = must(this.#seen.containers[container.name], `${container.name} is known`);
    const { name } = container;
    try {
      const run = await startContainer(context, {
        ...action,
        pod: this.#pod,
        container,
        image: image.is === "done" ? image.value : { reference: "", id: "", name: "" },
        fields: this.#fields(),
        volumePath: (volume) => this.#volumes.pathOf(volume),
      });
      const hook = container.lifecycle?.postStart;
      this.learn({ type: "started", container: name, run, hook: hook !== undefined });
      if (hook) await this.#postStart(container, run);
      await this.#removeOlder(name, action.attempt);
    } catch (error) {
      if (error instanceof StartFailed)
        return this.learn({ type: "exited", container: name, run: error.run });
      const reason = error instanceof ContainerFault ? error.reason : "CreateContainerError";
      // What it lacks may come: a ConfigMap, a key in a Secret.
      this.#volumes.followAll(environmentReferences(container));
      this.learn({ type: "createFailed", container: name, reason, message: messageOf(error) });
    }
  }

  async #postStart(container: Container, run: RunningRun): Promise<void> {
    const { context, dialer } = this.#options;
    const handler = must(container.lifecycle?.postStart, "called for its hook");
    const target = {
      ...context,
      pod: this.#pod,
      container,
      id: run.id,
      addresses: this.#addresses(),
      dialer,
    };
    try {
      await runHook(handler, { ...target, signal: this.#starting.signal });
    } catch (error) {
      if (!this.#starting.signal.aborted) {
        const about = { pod: this.#pod, container: container.name };
        context.events.warning(about, "FailedPostStartHook", `PostStartHook failed: ${messageOf(error)}`);
        const graceMs = (this.#pod.spec?.terminationGracePeriodSeconds ?? limits.defaultGraceSeconds) * 1000;
        this.learn({
          type: "killWanted",
          container: container.name,
          kill: { message: "FailedPostStartHook", graceMs },
        });
      }
    }
    this.learn({ type: "hookEnded", container: container.name });
  }

  /** The run before stays for its logs and its last state; those before that go. */
  async #removeOlder(name: string, attempt: number): Promise<void> {
    if (attempt < 2) return;
    const { runtime } = this.#options.context;
    for (const one of await runtime.containers()) {
      if (one.sandboxId !== this.#pod.metadata?.uid || one.name !== name || one.attempt > attempt - 2)
        continue;
      await runtime.removeContainer(one.id);
    }
  }

  async #stopContainer(action: Extract<Action, { type: "stopContainer" }>): Promise<void> {
    const { context, dialer } = this.#options;
    const container = this.#container(action.container);
    const { run } = must(this.#seen.containers[container.name], `${container.name} is known`);
    if (run.is !== "running") return;
    const earlier = this.#hooks.get(run.id);
    earlier?.abort();
    const hook = new AbortController();
    this.#hooks.set(run.id, hook);
    const options = { ...action, pod: this.#pod, container, run, dialer, addresses: this.#addresses() };
    const ended = await stopContainer(context, {
      ...options,
      hook: earlier === undefined,
      signal: hook.signal,
    });
    this.#hooks.delete(run.id);
    this.learn({ type: "exited", container: container.name, run: ended });
  }

  async #clean(): Promise<void> {
    const { context } = this.#options;
    await removeSandbox(context, this.#pod.metadata?.uid ?? "");
    await this.#volumes.tearDown();
  }

  /** The object's own end: with grace 0 the API server lets go of it. */
  async #deletePod(): Promise<void> {
    const { name = "", namespace = "", uid = "" } = this.#pod.metadata ?? {};
    try {
      await this.#options.context.client
        .resource(pods, namespace)
        .delete(name, { gracePeriodSeconds: 0, preconditions: { uid } });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }

  #fields(): FieldContext {
    const { hostAddresses, nodeName, machine } = this.#options.context;
    return { podAddresses: this.#addresses(), hostAddresses, nodeName, allocatable: machine.allocatable };
  }

  #addresses(): readonly string[] {
    return this.#seen.sandbox.is === "done" ? this.#seen.sandbox.value.addresses : [];
  }

  #container(name: string): Container {
    return must(
      containersOf(this.#pod).all.find((one) => one.name === name),
      `pod ${this.#label()} has a container ${name}`,
    );
  }

  #label(): string {
    const { name, namespace, uid } = this.#pod.metadata ?? {};
    return `${name}_${namespace}(${uid})`;
  }
}
