import { type Container, type Pod, pods } from "#api";
import { isAborted, isConflict, isForbidden, isNotFound, messageOf, must } from "#base";
import { runHook } from "../containers/hooks.ts";
import { createSandbox, removeSandbox } from "../containers/sandbox.ts";
import { StartFailed, startContainer } from "../containers/start.ts";
import { stopContainer } from "../containers/stop.ts";
import type { AgentContext } from "../context.ts";
import type { FieldContext } from "../environment/fields.ts";
import type { ImagePuller } from "../images/puller.ts";
import { podNameOf } from "../layout.ts";
import { logFiles } from "../logs/files.ts";
import type { ProbeDialer } from "../probes/dialer.ts";
import type { Semaphore } from "../semaphore.ts";
import { PodVolumes } from "../volumes/pod-volumes.ts";
import { environmentReferences } from "../volumes/references.ts";
import { containersOf } from "./containers.ts";
import type { Action } from "./decide.ts";
import type { Fact } from "./facts.ts";
import { ContainerFault } from "./fault.ts";
import { graceMsOf } from "./grace.ts";
import { addressesOf, type Observation, type RunningRun } from "./observation.ts";

export interface PodOperationsOptions {
  readonly context: AgentContext;
  readonly puller: ImagePuller;
  readonly dialer: ProbeDialer;
  /** Bounds how many sandboxes are made at the same time. */
  readonly starts: Semaphore;
  readonly pod: () => Pod;
  readonly seen: () => Observation;
  readonly learn: (fact: Fact) => void;
  /** Aborted when the pod begins to end: pulls and postStart hooks are of no more use. */
  readonly ending: AbortSignal;
  /** The agent itself has ended. */
  readonly closed: () => boolean;
  readonly onForgotten: () => void;
}

/** What `decide` asks for, done to the machine: one method per action, each ending in a fact. */
export class PodOperations {
  readonly volumes: PodVolumes;
  readonly #options: PodOperationsOptions;
  /** preStop hooks under way, by container id. */
  readonly #hooks = new Map<string, AbortController>();

  constructor(options: PodOperationsOptions) {
    this.#options = options;
    this.volumes = new PodVolumes({
      context: options.context,
      pod: options.pod,
      fields: () => this.#fields(),
      onSourceChanged: () => options.learn({ type: "sourceChanged" }),
    });
  }

  /** Carries an action out. Never rejects: what comes of it is told as a fact. */
  async perform(action: Action): Promise<void> {
    try {
      await this.#carryOut(action);
    } catch (error) {
      if (this.#options.closed() || isAborted(error)) return;
      this.#options.context.logger.error(
        `pod ${this.#options.pod().metadata?.name}: ${action.type} failed: ${messageOf(error)}`,
        { error },
      );
    }
  }

  async #carryOut(action: Action): Promise<void> {
    const { context } = this.#options;
    switch (action.type) {
      case "mountVolumes":
        return this.#ending(this.volumes.setUp(), { type: "volumesMounted" }, "volumesFailed");
      case "createSandbox":
        try {
          const made = this.#options.starts.run(undefined, () => createSandbox(context, this.#options.pod()));
          this.#options.learn({ type: "sandboxReady", sandbox: await made });
        } catch (error) {
          this.#options.learn({ type: "sandboxFailed", message: messageOf(error) });
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
          { pod: this.#options.pod(), container: action.container },
          "BackOff",
          `Back-off restarting failed container ${action.container} in pod ${this.#label()}`,
        );
      case "announcePullBackOff": {
        const about = { pod: this.#options.pod(), container: action.container };
        const { image } = this.#container(action.container);
        context.events.normal(about, "BackOff", `Back-off pulling image "${image}"`);
        return context.events.warning(about, "Failed", "Error: ImagePullBackOff");
      }
      case "clean":
        return this.#ending(this.#clean(), { type: "cleaned" }, "cleaningFailed");
      case "deletePod":
        return this.#ending(this.#deletePod(), { type: "removed" }, "removalFailed");
      case "forget":
        this.#options.onForgotten();
        return;
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
      this.#options.learn(done);
    } catch (error) {
      this.#options.learn({ type: failed, message: messageOf(error) });
    }
  }

  async #pullImage(name: string): Promise<void> {
    const { puller } = this.#options;
    try {
      const image = await puller.ensure(this.#options.pod(), this.#container(name), this.#options.ending);
      this.#options.learn({ type: "imagePresent", container: name, image });
    } catch (error) {
      if (this.#options.ending.aborted) return;
      const reason = error instanceof ContainerFault ? error.reason : "ErrImagePull";
      this.#options.learn({ type: "imageFailed", container: name, reason, message: messageOf(error) });
    }
  }

  async #startContainer(action: Extract<Action, { type: "startContainer" }>): Promise<void> {
    const { context } = this.#options;
    const container = this.#container(action.container);
    const { image } = must(this.#options.seen().containers[container.name], `${container.name} is known`);
    const { name } = container;
    try {
      const run = await startContainer(context, {
        ...action,
        pod: this.#options.pod(),
        container,
        image: image.is === "done" ? image.value : { reference: "", id: "", name: "" },
        fields: this.#fields(),
        volumePath: (volume) => this.volumes.pathOf(volume),
        runningId: (other) => this.#runningId(other),
      });
      const hook = container.lifecycle?.postStart;
      this.#options.learn({ type: "started", container: name, run, hook: hook !== undefined });
      if (hook) await this.#postStart(container, run);
    } catch (error) {
      if (error instanceof StartFailed) {
        this.#options.learn({ type: "exited", container: name, run: error.run });
        return this.#checkSandbox();
      }
      const reason = error instanceof ContainerFault ? error.reason : "CreateContainerError";
      // What it lacks may come: a ConfigMap, a key in a Secret.
      this.volumes.followAll(environmentReferences(container));
      this.#options.learn({ type: "createFailed", container: name, reason, message: messageOf(error) });
    } finally {
      if (!this.#options.closed()) await this.#removeOlder(container, action.attempt);
    }
  }

  /** A start that fails may be the first sign that the pod's namespaces are gone: the shared PID namespace, with its first process. */
  async #checkSandbox(): Promise<void> {
    const { uid = "" } = this.#options.pod().metadata ?? {};
    const own = await this.#options.context.runtime.sandbox(uid);
    if (own && !own.ready) this.#options.learn({ type: "sandboxLost" });
  }

  async #postStart(container: Container, run: RunningRun): Promise<void> {
    const { context, dialer } = this.#options;
    const handler = must(container.lifecycle?.postStart, "called for its hook");
    const target = {
      ...context,
      pod: this.#options.pod(),
      container,
      id: run.id,
      addresses: this.#addresses(),
      dialer,
    };
    try {
      await runHook(handler, { ...target, signal: this.#options.ending });
    } catch (error) {
      if (!this.#options.ending.aborted) {
        const about = { pod: this.#options.pod(), container: container.name };
        context.events.warning(about, "FailedPostStartHook", `PostStartHook failed: ${messageOf(error)}`);
        const graceMs = graceMsOf(this.#options.pod());
        this.#options.learn({
          type: "killWanted",
          container: container.name,
          kill: { message: "FailedPostStartHook", graceMs },
        });
      }
    }
    this.#options.learn({ type: "hookEnded", container: container.name });
  }

  /** The run before stays for its logs and its last state; those before that go, with all that they wrote. */
  async #removeOlder({ name }: Container, attempt: number): Promise<void> {
    if (attempt < 2) return;
    const { runtime, host, layout } = this.#options.context;
    const pod = podNameOf(this.#options.pod());
    for (const one of await runtime.containers()) {
      if (one.sandboxId !== pod.uid || one.name !== name || one.attempt > attempt - 2) continue;
      await runtime.removeContainer(one.id);
      await host.files.remove(layout.terminationMessage(pod.uid, name, one.id));
      for (const path of await logFiles(host, layout.containerLogs(pod, name), one.attempt))
        await host.files.remove(path);
    }
  }

  async #stopContainer(action: Extract<Action, { type: "stopContainer" }>): Promise<void> {
    const { context, dialer } = this.#options;
    const container = this.#container(action.container);
    const { run } = must(this.#options.seen().containers[container.name], `${container.name} is known`);
    if (run.is !== "running") return;
    const earlier = this.#hooks.get(run.id);
    earlier?.abort();
    const hook = new AbortController();
    this.#hooks.set(run.id, hook);
    const options = {
      ...action,
      pod: this.#options.pod(),
      container,
      run,
      dialer,
      addresses: this.#addresses(),
    };
    const ended = await stopContainer(context, {
      ...options,
      hook: earlier === undefined,
      signal: hook.signal,
    });
    this.#hooks.delete(run.id);
    this.#options.learn({ type: "exited", container: container.name, run: ended });
  }

  async #clean(): Promise<void> {
    const { context } = this.#options;
    await removeSandbox(context, this.#options.pod().metadata?.uid ?? "");
    await this.volumes.tearDown();
  }

  /** The object's own end: with grace 0 the API server lets go of it. */
  async #deletePod(): Promise<void> {
    const { name = "", namespace = "", uid = "" } = this.#options.pod().metadata ?? {};
    try {
      await this.#options.context.client
        .resource(pods, namespace)
        .delete(name, { gracePeriodSeconds: 0, preconditions: { uid } });
    } catch (error) {
      // Gone already, perhaps with another pod of that name in its place, here or on another node.
      if (!isNotFound(error) && !isConflict(error) && !isForbidden(error)) throw error;
    }
  }

  #fields(): FieldContext {
    const { hostAddresses, nodeName, machine } = this.#options.context;
    return { podAddresses: this.#addresses(), hostAddresses, nodeName, allocatable: machine.allocatable };
  }

  #addresses(): readonly string[] {
    return addressesOf(this.#options.seen());
  }

  #runningId(name: string): string | undefined {
    const run = this.#options.seen().containers[name]?.run;
    return run?.is === "running" ? run.id : undefined;
  }

  #container(name: string): Container {
    return must(
      containersOf(this.#options.pod()).all.find((one) => one.name === name),
      `pod ${this.#label()} has a container ${name}`,
    );
  }

  #label(): string {
    const { name, namespace, uid } = this.#options.pod().metadata ?? {};
    return `${name}_${namespace}(${uid})`;
  }
}
