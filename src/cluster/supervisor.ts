import { ApiError } from "#base";
import type { Host } from "#host";
import { nicenessOf } from "./importance.ts";
import { allPrograms, type Layout, type ProgramName } from "./layout.ts";

/** How one program of the cluster is started: the arguments after the Node binary. */
export interface ProgramCommand {
  readonly name: ProgramName;
  readonly node: string;
  readonly arguments: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

/** A supervised program that runs: its supervisor, and the program itself while there is one. */
export interface RunningProgram {
  readonly name: ProgramName;
  readonly supervisorPid: number;
  readonly pid: number | undefined;
}

interface SupervisorFile {
  readonly pid: number;
  /** Start time of the process, so that a reused pid is not taken for ours. */
  readonly startTime: string;
}

/** Starts a program under its supervisor, detached from the caller; one that runs already is left alone. */
export async function startProgram(host: Host, layout: Layout, command: ProgramCommand): Promise<void> {
  if (await findProgram(host, layout, command.name)) return;
  await host.files.remove(pidPath(layout, command.name));
  const supervisor = host.spawn({
    program: "/bin/sh",
    arguments: [
      `${import.meta.dirname}/supervise.sh`,
      pidPath(layout, command.name),
      `${layout.logs}/${command.name}.out`,
      String(nicenessOf(command.name)),
      command.node,
      ...command.arguments,
    ],
    environment: command.environment,
    directory: "/",
    stdio: ["ignore", "ignore", "ignore"],
    detached: true,
  });
  const startTime = await host.startTime(supervisor.pid);
  if (startTime === undefined) {
    throw new ApiError(
      "InternalError",
      `${command.name} ended as soon as it was started; see ${layout.logs}/${command.name}.out`,
    );
  }
  const file: SupervisorFile = { pid: supervisor.pid, startTime };
  await host.files.write(supervisorPath(layout, command.name), JSON.stringify(file), { mode: 0o600 });
}

/** Ends a program and its supervisor; resolves when both are gone. Not running is fine. */
export async function stopProgram(
  host: Host,
  layout: Layout,
  name: ProgramName,
  signal?: AbortSignal,
): Promise<void> {
  const running = await findProgram(host, layout, name);
  if (running) {
    host.signal(running.supervisorPid, "SIGTERM");
    await gone(host, running.supervisorPid, stopTimeoutMs, signal);
    if (await findProgram(host, layout, name)) {
      if (running.pid !== undefined) host.signal(running.pid, "SIGKILL");
      host.signal(running.supervisorPid, "SIGKILL");
      await gone(host, running.supervisorPid, stopTimeoutMs, signal);
    }
  }
  await host.files.remove(supervisorPath(layout, name));
  await host.files.remove(pidPath(layout, name));
}

/** The programs that run now, in starting order. */
export async function runningPrograms(host: Host, layout: Layout): Promise<RunningProgram[]> {
  const found = await Promise.all(allPrograms.map((name) => findProgram(host, layout, name)));
  return found.filter((program) => program !== undefined);
}

/** How long a program may take to finish its work after SIGTERM. */
const stopTimeoutMs = 10_000;

async function findProgram(
  host: Host,
  layout: Layout,
  name: ProgramName,
): Promise<RunningProgram | undefined> {
  const text = await host.files.read(supervisorPath(layout, name));
  if (text === undefined) return undefined;
  const { pid, startTime } = JSON.parse(text) as SupervisorFile;
  if ((await host.startTime(pid)) !== startTime) return undefined;
  const child = Number(await host.files.read(pidPath(layout, name)));
  return { name, supervisorPid: pid, pid: child > 0 && (await host.startTime(child)) ? child : undefined };
}

/** Waits for the end of a process that is not our child: there is no event for it short of a pidfd, so it looks. */
async function gone(host: Host, pid: number, timeoutMs: number, signal?: AbortSignal): Promise<void> {
  const deadline = host.clock.monotonicMs() + timeoutMs;
  while (host.clock.monotonicMs() < deadline) {
    const state = await host.files.read(`/proc/${pid}/stat`);
    if (state === undefined || / Z /.test(state.slice(state.lastIndexOf(")")))) return;
    await host.clock.sleep(10, signal);
  }
}

function supervisorPath(layout: Layout, name: ProgramName): string {
  return `${layout.run}/${name}.supervisor`;
}

function pidPath(layout: Layout, name: ProgramName): string {
  return `${layout.run}/${name}.pid`;
}
