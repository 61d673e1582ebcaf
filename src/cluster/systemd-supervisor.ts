import { ApiError } from "#base";
import type { Host } from "#host";
import { allPrograms, type Layout, type ProgramName } from "./layout.ts";
import type { SupervisedProgram, Supervisor } from "./supervisor-for.ts";
import { serviceName, targetName, unitDirectory, unitHeader, unitsOf } from "./systemd-units.ts";

export interface SystemdSupervisor extends Supervisor {
  readonly kind: "systemd";
  /** Whether systemd starts this cluster at boot: true from `start` to `stop`. */
  isEnabled(): Promise<boolean>;
}

/** Programs as units of systemd: started at boot, restarted when they end, seen by `systemctl`. */
export function systemdSupervisor(host: Host, layout: Layout, clusterName: string): SystemdSupervisor {
  const target = targetName(clusterName);
  const services = allPrograms.map((name) => serviceName(clusterName, name));
  const targetPath = `${unitDirectory}/${target}`;
  const systemctl = async (...args: string[]) =>
    (await host.run({ program: "systemctl", arguments: args, timeoutMs: jobTimeoutMs })).stdout;
  const isOurs = async () => ((await host.files.read(targetPath)) ?? "").startsWith(unitHeader(layout.data));
  /** systemd refuses to stop what it never heard of. */
  const present = async (): Promise<readonly string[]> => {
    const there = await Promise.all(services.map((unit) => host.files.exists(`${unitDirectory}/${unit}`)));
    return [target, ...services.filter((_, index) => there[index])];
  };
  const isEnabled = async () =>
    (await host.files.exists(`${unitDirectory}/multi-user.target.wants/${target}`)) && (await isOurs());

  return {
    kind: "systemd",
    isEnabled,
    async start(commands, names) {
      await requireOwnName(host, layout, clusterName);
      const changed = await writeUnits(host, unitsOf(layout, clusterName, commands));
      // Enabling reloads systemd's configuration as well.
      if (!(await isEnabled())) await systemctl("enable", "--quiet", target);
      else if (changed) await systemctl("daemon-reload");
      const started = names.map((name) => serviceName(clusterName, name));
      // The target wants them all.
      const isAll = names.length === commands.length;
      await systemctl("start", ...(isAll ? [target] : []), ...started);
    },
    async stop() {
      if (!(await isOurs())) return;
      await systemctl("disable", "--quiet", target);
      await systemctl("stop", ...(await present()));
      await host.run({ program: "systemctl", arguments: ["reset-failed", ...services], allowFailure: true });
    },
    async drop(name: ProgramName) {
      const unit = serviceName(clusterName, name);
      if (!(await isOurs()) || !(await host.files.exists(`${unitDirectory}/${unit}`))) return;
      await systemctl("stop", unit);
      await host.files.remove(`${unitDirectory}/${unit}`);
      await systemctl("daemon-reload");
    },
    async running() {
      if (!(await isOurs())) return [];
      const shown = await systemctl("show", "--property=Id,ActiveState,MainPID", ...services);
      return runningOf(clusterName, shown);
    },
    async remove() {
      if (!(await isOurs())) return;
      for (const unit of [target, ...services]) await host.files.remove(`${unitDirectory}/${unit}`);
      await systemctl("daemon-reload");
    },
  };
}

/** Longer than a unit may take to stop. */
const jobTimeoutMs = 30_000;

/** What `systemctl show` prints: a block of `Property=value` lines per unit. A unit that waits for its restart runs. */
export function runningOf(clusterName: string, shown: string): SupervisedProgram[] {
  const blocks = shown.split("\n\n").map((block) => {
    const properties = new Map<string, string>();
    for (const line of block.split("\n")) {
      const equals = line.indexOf("=");
      if (equals > 0) properties.set(line.slice(0, equals), line.slice(equals + 1));
    }
    return properties;
  });
  return allPrograms.flatMap((name) => {
    const unit = blocks.find((properties) => properties.get("Id") === serviceName(clusterName, name));
    const state = unit?.get("ActiveState");
    if (state !== "active" && state !== "activating" && state !== "reloading") return [];
    const pid = Number(unit?.get("MainPID"));
    return [{ name, pid: pid > 0 ? pid : undefined }];
  });
}

/** Units are named after the cluster, so two clusters of one name cannot both be started by systemd. */
async function requireOwnName(host: Host, layout: Layout, clusterName: string): Promise<void> {
  const target = targetName(clusterName);
  const text = await host.files.read(`${unitDirectory}/${target}`);
  if (text === undefined || text.startsWith(unitHeader(layout.data))) return;
  if (!(await host.files.exists(`${unitDirectory}/multi-user.target.wants/${target}`))) return;
  throw new ApiError(
    "Conflict",
    `cannot start cluster ${clusterName} in ${layout.data}: another cluster of that name is started by ${unitDirectory}/${target}; stop it first, or make this one under another name: nacre up --name NAME`,
  );
}

/** True when a unit that was there before has another text now: systemd must read it again. */
async function writeUnits(host: Host, texts: ReadonlyMap<string, string>): Promise<boolean> {
  let changed = false;
  for (const [name, text] of texts) {
    const path = `${unitDirectory}/${name}`;
    const before = await host.files.read(path);
    if (before === text) continue;
    await host.files.write(path, text, { mode: 0o644 });
    changed ||= before !== undefined;
  }
  return changed;
}
