import { PassThrough, Writable } from "node:stream";
import { type Clock, must, notFound, type Timer } from "#base";
import { ContainerError, notRunning } from "../errors.ts";
import type {
  Container,
  ContainerEvent,
  ContainerRuntime,
  ContainerSpec,
  ExecSession,
  ImageStore,
  Sandbox,
  SandboxSpec,
} from "../runtime.ts";
import type { Behaviour, BehaviourOf } from "./behaviour.ts";

export interface SimulatedRuntime extends ContainerRuntime {
  /** Ends a running container from inside, as if its main process had ended. */
  exit(id: string, exitCode: number): void;
  /** Its memory runs out: SIGKILL, reported as an OOM kill. */
  outOfMemory(id: string): void;
  /** The machine restarts: everything that ran is dead, sandboxes are no longer ready. */
  reboot(): void;
}

export interface SimulatedRuntimeOptions {
  readonly clock: Clock;
  readonly images: ImageStore;
  readonly behaviour?: BehaviourOf;
  /** How long `createSandbox` takes. */
  readonly sandboxMs?: number;
}

interface Simulated {
  container: Container;
  readonly spec: ContainerSpec;
  readonly behaviour: Behaviour;
  timer: Timer | undefined;
  readonly exits: PromiseWithResolvers<void>;
}

/** A container runtime in memory: same calls, same events, time by the clock. */
export function simulatedRuntime(options: SimulatedRuntimeOptions): SimulatedRuntime {
  const { clock, images } = options;
  const sandboxes = new Map<string, Sandbox>();
  const containers = new Map<string, Simulated>();
  const listeners = new Set<(event: ContainerEvent) => void>();
  let nextPid = 1000;

  const emit = (event: ContainerEvent) => {
    for (const listener of listeners) listener(event);
  };
  const find = (id: string): Simulated => {
    const found = containers.get(id);
    if (!found) throw notFound({ resource: "containers", name: id });
    return found;
  };
  const running = (id: string, attempted: string): Simulated => {
    const found = find(id);
    if (found.container.state !== "running") throw notRunning(id, attempted, found.container.state);
    return found;
  };
  const end = (one: Simulated, exitCode: number, oomKilled = false) => {
    if (one.container.state !== "running") return;
    one.timer?.cancel();
    if (oomKilled) emit({ type: "oom", containerId: one.container.id });
    one.container = {
      ...one.container,
      state: "exited",
      pid: undefined,
      exitCode,
      oomKilled,
      finishedAt: clock.now(),
    };
    emit({ type: "exited", container: one.container });
    one.exits.resolve();
    // The kernel ends a PID namespace with its first process.
    for (const other of containers.values()) if (other.spec.processesOf === one.spec.id) end(other, 137);
  };

  const runtime: SimulatedRuntime = {
    version: async () => ({ name: "simulated", version: "1.0.0" }),
    async createSandbox(spec) {
      const known = sandboxes.get(spec.id);
      if (known?.ready) return known;
      if (options.sandboxMs) await clock.sleep(options.sandboxMs);
      const sandbox = simulatedSandbox(spec, clock.now());
      sandboxes.set(spec.id, sandbox);
      return sandbox;
    },
    async removeSandbox(id) {
      for (const one of [...containers.values()]) {
        if (one.container.sandboxId === id) await runtime.removeContainer(one.container.id);
      }
      sandboxes.delete(id);
    },
    sandbox: async (id) => sandboxes.get(id),
    sandboxes: async () => [...sandboxes.values()],
    async createContainer(spec) {
      const known = containers.get(spec.id);
      if (known) return known.container;
      if (!sandboxes.has(spec.sandboxId)) throw notFound({ resource: "sandboxes", name: spec.sandboxId });
      if (!(await images.resolve(spec.image))) {
        throw new ContainerError(
          "CreateContainerError",
          `cannot create container ${spec.name}: image ${spec.image} is not here; pull it first`,
        );
      }
      if (spec.processesOf) running(spec.processesOf, "join the processes of");
      const container = simulatedContainer(spec, clock.now());
      containers.set(spec.id, {
        container,
        spec,
        behaviour: options.behaviour?.(spec) ?? {},
        timer: undefined,
        exits: Promise.withResolvers(),
      });
      return container;
    },
    async startContainer(id) {
      const one = find(id);
      if (one.container.state !== "created") return one.container;
      if (one.behaviour.startMs) await clock.sleep(one.behaviour.startMs);
      if (one.behaviour.startError) {
        one.container = { ...one.container, state: "exited", exitCode: 128, finishedAt: clock.now() };
        throw new ContainerError(
          "StartError",
          `cannot start container ${one.spec.name}: ${one.behaviour.startError}`,
        );
      }
      nextPid += 1;
      one.container = { ...one.container, state: "running", pid: nextPid, startedAt: clock.now() };
      const { runsMs, exitCode = 0, outOfMemory = false } = one.behaviour;
      if (runsMs !== undefined) {
        const ending = () => end(one, outOfMemory ? 137 : exitCode, outOfMemory);
        one.timer = clock.setTimer(runsMs, ending, { unref: true });
      }
      return one.container;
    },
    async stopContainer(id, { graceMs }) {
      const one = find(id);
      if (one.container.state !== "running") return;
      const { stopMs = 0, stopExitCode = 143 } = one.behaviour;
      const obeys = stopMs <= graceMs;
      const after = Math.min(stopMs, graceMs);
      if (after > 0) await Promise.race([clock.sleep(after), one.exits.promise]);
      end(one, obeys ? stopExitCode : 137);
    },
    async removeContainer(id) {
      const one = containers.get(id);
      if (!one) return;
      end(one, 137);
      one.timer?.cancel();
      containers.delete(id);
    },
    containers: async () => [...containers.values()].map((one) => one.container),
    async updateResources(id) {
      running(id, "change limits of");
    },
    events(listener) {
      listeners.add(listener);
      return { close: () => listeners.delete(listener) };
    },
    async exec(id, { command, timeoutMs }) {
      const one = running(id, "run a command in");
      return simulatedExec(one.behaviour.exec?.(command) ?? {}, clock, timeoutMs);
    },
    async attach(id) {
      const one = running(id, "attach to");
      const exited = one.exits.promise.then(() => one.container.exitCode ?? 0);
      return quietSession(exited);
    },
    async stats(id) {
      const one = find(id);
      if (one.container.state !== "running") return undefined;
      const startedAt = must(one.container.startedAt, "a running container has started");
      const { memoryBytes = 8 * 2 ** 20 } = one.behaviour;
      return {
        at: clock.now(),
        cpuUsageNanoseconds: (clock.now() - startedAt) * 1000,
        memoryWorkingSetBytes: memoryBytes,
        memoryUsageBytes: memoryBytes + 2 * 2 ** 20,
      };
    },
    writableLayer: () => undefined,
    async reopenLog(id) {
      find(id);
    },
    exit: (id, exitCode) => end(find(id), exitCode),
    outOfMemory: (id) => end(find(id), 137, true),
    reboot() {
      for (const one of containers.values()) end(one, 137);
      for (const [id, sandbox] of sandboxes) sandboxes.set(id, { ...sandbox, ready: false });
    },
  };
  return runtime;
}

function simulatedSandbox(spec: SandboxSpec, now: number): Sandbox {
  return {
    id: spec.id,
    namespace: spec.namespace,
    name: spec.name,
    networkNamespace: spec.hostNetwork ? undefined : `/simulated/${spec.id}/net`,
    annotations: spec.annotations,
    ready: true,
    createdAt: now,
  };
}

function simulatedContainer(spec: ContainerSpec, now: number): Container {
  return {
    id: spec.id,
    sandboxId: spec.sandboxId,
    name: spec.name,
    attempt: spec.attempt,
    image: spec.image,
    state: "created",
    pid: undefined,
    createdAt: now,
    startedAt: undefined,
    finishedAt: undefined,
    exitCode: undefined,
    oomKilled: false,
    logPath: spec.logPath,
    annotations: spec.annotations,
  };
}

function simulatedExec(
  answer: { exitCode?: number; stdout?: string; stderr?: string; afterMs?: number },
  clock: Clock,
  timeoutMs: number | undefined,
): ExecSession {
  const takesMs = answer.afterMs ?? 0;
  const timesOut = timeoutMs !== undefined && takesMs > timeoutMs;
  const result = Promise.withResolvers<number>();
  const session = quietSession(result.promise);
  let isOver = false;
  const finish = (exitCode: number) => {
    if (isOver) return;
    isOver = true;
    session.stdout.end(exitCode === 137 ? "" : answer.stdout);
    session.stderr.end(exitCode === 137 ? "" : answer.stderr);
    result.resolve(exitCode);
  };
  const waits = timesOut ? (timeoutMs ?? 0) : takesMs;
  const timer =
    waits > 0 ? clock.setTimer(waits, () => finish(timesOut ? 137 : (answer.exitCode ?? 0))) : undefined;
  if (!timer) finish(answer.exitCode ?? 0);
  return {
    ...session,
    kill: () => {
      timer?.cancel();
      finish(137);
    },
  };
}

function quietSession(exited: Promise<number>): ExecSession & { stdout: PassThrough; stderr: PassThrough } {
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const stdin = new Writable({ write: (_chunk, _encoding, done) => done() });
  return { stdin, stdout, stderr, resize: () => {}, exited, kill: () => {} };
}
