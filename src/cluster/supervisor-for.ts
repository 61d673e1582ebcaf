import { ApiError, badRequest } from "#base";
import type { Host } from "#host";
import { readClusterConfig } from "./cluster-config.ts";
import { allPrograms, type Layout, type ProgramName } from "./layout.ts";
import { type ProgramCommand, runningPrograms, startProgram, stopProgram } from "./supervisor.ts";
import { systemdSupervisor } from "./systemd-supervisor.ts";

/** Keeps the programs of one cluster running: what ends unasked is started again. */
export interface Supervisor {
  readonly kind: "systemd" | "own";
  /** Starts the named of `commands`, which are all programs of the cluster, unless they run. systemd starts all of them after every reboot too. */
  start(commands: readonly ProgramCommand[], names: readonly ProgramName[]): Promise<void>;
  /** Ends all programs, the agent first, so that it does not start again what is being stopped. They stay ended. */
  stop(): Promise<void>;
  /** Ends a program that the cluster is not to have any more. Not running is fine. */
  drop(name: ProgramName): Promise<void>;
  /** The programs that run now, in starting order. */
  running(): Promise<readonly SupervisedProgram[]>;
  /** Removes what the supervisor keeps outside the cluster's data directory. Nothing to remove is fine. */
  remove(): Promise<void>;
}

export interface SupervisedProgram {
  readonly name: ProgramName;
  /** Undefined for the moment between the end of a program and its next start. */
  readonly pid: number | undefined;
}

/**
 * The supervisor of a cluster: the one that runs it now; else what `NACRE_SUPERVISOR` (`systemd`, `own`) says; else
 * systemd where it would start programs in the namespaces that we are in, and our own elsewhere.
 * Throws BadRequest when the variable asks for what cannot be.
 */
export async function supervisorFor(
  host: Host,
  layout: Layout,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Promise<Supervisor> {
  const wanted = environment.NACRE_SUPERVISOR || undefined;
  if (wanted !== undefined && wanted !== "systemd" && wanted !== "own") {
    throw badRequest(`cannot supervise programs with NACRE_SUPERVISOR=${wanted}: it is systemd or own`);
  }
  const config = await readClusterConfig(host, layout.config);
  if (!config) return ownSupervisor(host, layout);
  if (!(await systemdIsOurs(host, layout))) {
    if (wanted !== "systemd") return ownSupervisor(host, layout);
    throw new ApiError(
      "ServiceUnavailable",
      "cannot supervise programs with systemd: it does not run here, or not in the network and directories that this command sees; leave NACRE_SUPERVISOR away",
    );
  }
  const systemd = systemdSupervisor(host, layout, config.name);
  const own: Supervisor = { ...ownSupervisor(host, layout), remove: () => systemd.remove() };
  if (await systemd.isEnabled()) return systemd;
  if ((await own.running()).length > 0) return own;
  return wanted === "own" ? own : systemd;
}

/**
 * systemd starts programs where process 1 lives: in another network (`ip netns exec`), in a container, or with a data
 * directory that only we see, they would not be in our world.
 */
async function systemdIsOurs(host: Host, layout: Layout): Promise<boolean> {
  if (!(await host.files.exists("/run/systemd/system"))) return false;
  const pairs = [
    [host.files.readLink("/proc/self/ns/net"), host.files.readLink("/proc/1/ns/net")],
    [host.files.readLink("/proc/self/ns/pid"), host.files.readLink("/proc/1/ns/pid")],
    [host.files.read(layout.config), host.files.read(`/proc/1/root${layout.config}`)],
  ] as const;
  for (const [ours, theirs] of pairs) {
    // Without root, process 1 cannot be looked at; then we are only asked what runs.
    const first = await theirs.catch(() => ours);
    if ((await ours) !== first) return false;
  }
  return true;
}

/** A shell per program, for machines without systemd. */
function ownSupervisor(host: Host, layout: Layout): Supervisor {
  return {
    kind: "own",
    async start(commands, names) {
      for (const command of commands) {
        if (names.includes(command.name)) await startProgram(host, layout, command);
      }
    },
    async stop() {
      await stopProgram(host, layout, "agent");
      await Promise.all(allPrograms.map((name) => stopProgram(host, layout, name)));
    },
    drop: (name) => stopProgram(host, layout, name),
    running: () => runningPrograms(host, layout),
    async remove() {},
  };
}
