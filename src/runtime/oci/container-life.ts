import { messageOf } from "#base";
import { ContainerError } from "../errors.ts";
import type { ContainerEvent } from "../runtime.ts";
import { type Conmon, type ConmonWatch, startConmon, watchConmon } from "./conmon.ts";
import type { RuntimeContext } from "./context.ts";
import { readExit, unseenExitCode } from "./exit-file.ts";
import { conmonExitTimeoutMs, killTimeoutMs } from "./limits.ts";
import { bundle, exits, runtimeRoot } from "./paths.ts";
import { type ContainerRecord, containerOf, type ProcessIdentity } from "./records.ts";
import { oomKills } from "./stats.ts";

/**
 * One container from its first start to the end of its conmon.
 *
 *     created ──start──▶ running ──exit file──▶ exited
 *        └─────── start refused (128) ────────────▲
 *
 * What happened is in the record, on disk before anybody is told. The exit file is conmon's; the record's exit code is ours, and
 * is written once.
 */
export class ContainerLife {
  record: ContainerRecord;
  readonly #context: RuntimeContext;
  readonly #emit: (event: ContainerEvent) => void;
  readonly #ended = Promise.withResolvers<void>();
  #starting: Promise<void> | undefined;
  #ending: Promise<void> | undefined;
  #conmon: ConmonWatch | undefined;
  #watch: { close(): void } | undefined;
  #killed = false;
  #closed = false;

  constructor(context: RuntimeContext, record: ContainerRecord, emit: (event: ContainerEvent) => void) {
    this.#context = context;
    this.record = record;
    this.#emit = emit;
    if (record.exitCode !== undefined) this.#ended.resolve();
  }

  get running(): boolean {
    return this.record.startedAt !== undefined && this.record.exitCode === undefined;
  }

  /** Resolves when it has exited and the record says so. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  async start(): Promise<void> {
    if (this.record.startedAt !== undefined || this.record.exitCode !== undefined) return;
    this.#starting = this.#start();
    try {
      await this.#starting;
    } finally {
      this.#starting = undefined;
    }
  }

  async #start(): Promise<void> {
    const { host, paths, engine, clock, records } = this.#context;
    const { id, name } = this.record;
    // With a terminal, conmon would miss the end of a container that ends before it has been told its pid. One that joins
    // another's processes runs nothing before it is known whose they are.
    const task = this.record.terminal || this.record.joins ? "create" : "run";
    let conmon: Conmon;
    this.watch();
    try {
      conmon = await startConmon(host, {
        conmon: this.#context.conmon,
        engine,
        containerId: id,
        exitName: id,
        exitDirectory: exits(paths),
        bundle: bundle(paths, id),
        logPath: this.record.logPath,
        terminal: this.record.terminal,
        stdin: this.record.stdin,
        keepStdin: this.record.stdin && !this.record.stdinOnce,
        cgroup: this.#context.conmonCgroup,
        task,
      });
      this.#follow(conmon.watch);
      await this.#assertJoined();
      if (task === "create") await engine.start(id);
    } catch (error) {
      this.#watch?.close();
      if (await host.files.exists(`${runtimeRoot(paths)}/${id}`)) await engine.delete(id).catch(() => {});
      await this.#write({ finishedAt: clock.now(), exitCode: 128 });
      this.#ended.resolve();
      throw new ContainerError("StartError", `cannot start container ${name}: ${messageOf(error)}`, error);
    }
    this.record = { ...this.record, startedAt: clock.now(), process: conmon.child, conmon: conmon.identity };
    await records.writeContainer(this.record);
  }

  /** A pid is used again: had its owner ended before the namespace was joined, it would be a stranger's. */
  async #assertJoined(): Promise<void> {
    const { joins } = this.record;
    if (!joins || (await this.#lives(joins))) return;
    throw new Error("the container whose processes it should see has ended");
  }

  /** Takes over a container that an earlier process started. */
  adopt(): void {
    if (this.running) this.watch();
    if (this.record.conmon)
      this.#follow(watchConmon(this.#context.host, bundle(this.#context.paths, this.record.id)));
  }

  /** conmon notes memory kills in a file; also of child processes, while the container lives on. */
  watch(): void {
    const { host, paths } = this.#context;
    this.#watch ??= host.files.watch(bundle(paths, this.record.id), (name) => {
      if (name === "oom") this.#emit({ type: "oom", containerId: this.record.id });
    });
  }

  #follow(conmon: ConmonWatch): void {
    this.#conmon = conmon;
    void conmon.gone.then(() => this.#conmonEnded()).catch(() => {});
  }

  /**
   * conmon writes the exit file, then ends. When it was killed before that, nobody would learn of the container's end or read
   * its output: it is ended, and can start again.
   */
  async #conmonEnded(): Promise<void> {
    await this.#starting?.catch(() => {});
    if (this.#closed || !this.running) return;
    const exit = await readExit(this.#context, this.record.id);
    if (!exit) await this.#kill();
    await this.exited(exit?.exitCode ?? unseenExitCode, exit?.finishedAt ?? this.#context.clock.now());
  }

  /** conmon has written the exit file. */
  exited(exitCode: number, finishedAt: number): Promise<void> {
    this.#ending ??= this.#end(exitCode, finishedAt);
    return this.#ending;
  }

  async #end(exitCode: number, finishedAt: number): Promise<void> {
    // A container may end before its start has been noted, and its start may yet be refused.
    await this.#starting?.catch(() => {});
    this.#watch?.close();
    if (this.record.exitCode !== undefined) return;
    if (this.record.sharesProcesses) await killRest(this.#context, this.record);
    const suspicious = exitCode === 137 && !this.#killed;
    const oomKilled = suspicious && (await oomKills(this.#context, this.record.cgroup)) > 0;
    await this.#write({ finishedAt, exitCode, oomKilled });
    this.#emit({ type: "exited", container: containerOf(this.record) });
    this.#ended.resolve();
  }

  /** The signal, then SIGKILL after the grace. Resolves when it has exited. */
  async stop(signal: number, graceMs: number): Promise<void> {
    if (!this.running) return;
    const { clock } = this.#context;
    if (graceMs > 0) {
      await this.#signal(signal);
      if (await this.#endsWithin(graceMs)) return;
    }
    this.#killed = true;
    await this.#kill();
    if (await this.#endsWithin(killTimeoutMs)) return;
    throw new ContainerError(
      "StartError",
      `container ${this.record.name} (pid ${this.record.process?.pid}) did not end within ${killTimeoutMs / 1000} s of SIGKILL at ${new Date(clock.now()).toISOString()}: its processes wait for a device or file server that does not answer`,
    );
  }

  /** We go, it stays. */
  close(): void {
    this.#closed = true;
    this.#watch?.close();
    this.#conmon?.close();
  }

  /** Waits for conmon's own end: until then it still writes into the bundle. */
  async conmonGone(): Promise<void> {
    this.#watch?.close();
    const { clock, host } = this.#context;
    const { conmon } = this.record;
    const late = clock.setTimer(conmonExitTimeoutMs, () => conmon && host.signal(conmon.pid, 9), {
      unref: true,
    });
    await this.#conmon?.gone;
    late.cancel();
  }

  async #kill(): Promise<void> {
    await this.#signal(9);
    await killRest(this.#context, this.record);
  }

  async #signal(signal: number): Promise<void> {
    const { process } = this.record;
    if (process && (await this.hasProcess())) this.#context.host.signal(process.pid, signal);
  }

  /** Whether its main process is there at this moment, whatever has been told of its end so far. */
  async hasProcess(): Promise<boolean> {
    const { process } = this.record;
    return process !== undefined && this.#lives(process);
  }

  async #lives(process: ProcessIdentity): Promise<boolean> {
    return (await this.#context.host.startTime(process.pid)) === process.startTime;
  }

  async #endsWithin(timeoutMs: number): Promise<boolean> {
    const { clock } = this.#context;
    const late = Promise.withResolvers<boolean>();
    const timer = clock.setTimer(timeoutMs, () => late.resolve(false));
    const ended = await Promise.race([this.ended.then(() => true), late.promise]);
    timer.cancel();
    return ended;
  }

  async #write(change: Partial<ContainerRecord>): Promise<void> {
    this.record = { ...this.record, ...change };
    await this.#context.records.writeContainer(this.record);
  }
}

/** Kills what a container's first process leaves behind: without a PID namespace of its own, the others do not end with it. */
export async function killRest(
  { host }: RuntimeContext,
  { cgroup }: Pick<ContainerRecord, "cgroup">,
): Promise<void> {
  for (const pid of await host.cgroups.processes(cgroup)) host.signal(pid, 9);
}
