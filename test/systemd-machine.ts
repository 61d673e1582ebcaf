import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, rmdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventually } from "./eventually.ts";
import { execute, type Result, type RunOptions, start } from "./processes.ts";

/** A machine of its own whose process 1 is systemd; `systemd-machine.sh` says how it is made. Its default data directory is a disk. */
export interface SystemdMachine {
  run(program: string, args: readonly string[], options?: RunOptions): Promise<Result>;
  nacre(...args: string[]): Promise<Result>;
  systemctl(...args: string[]): Promise<string>;
  /** Resolves when systemd has started all that it starts. */
  reboot(): Promise<void>;
  remove(): Promise<void>;
}

/** Why no such machine can be made here; undefined when one can. */
export function lacksSystemd(): string | undefined {
  if (process.getuid?.() !== 0) return "needs root";
  if (!existsSync("/usr/lib/systemd/systemd")) return "systemd is not installed";
  return existsSync("/sys/fs/cgroup") ? undefined : "no control groups are mounted";
}

export async function createSystemdMachine(): Promise<SystemdMachine> {
  const id = `nacre-systemd-${process.pid.toString(36)}`;
  const directory = await mkdtemp(join(tmpdir(), "nacre-test-"));
  const script = join(import.meta.dirname, "systemd-machine.sh");
  const box = start("setpriv", ["--pdeathsig", "KILL", "sh", script, id, directory]);
  const environment = {
    HOME: "/root",
    PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    KUBECONFIG: "/root/kubeconfig",
    NODE_COMPILE_CACHE: join(import.meta.dirname, "../node_modules/.cache/compiled"),
  };
  let first = 0;
  const enter = (...command: string[]) => ["--target", String(first), "--all", ...command];
  const machine: SystemdMachine = {
    // As a unit of its own: what is started from here lives in the machine's control groups.
    run(program, args, options = {}) {
      const variables = Object.entries(environment).map(([name, value]) => `--setenv=${name}=${value}`);
      const unit = ["systemd-run", "--quiet", "--pipe", "--wait", "--collect", ...variables];
      return execute("nsenter", enter(...unit, program, ...args), { timeoutMs: 120_000, ...options });
    },
    nacre: (...args) => machine.run("sh", [join(import.meta.dirname, "../bin/nacre"), ...args]),
    systemctl: async (...args) =>
      (await execute("nsenter", enter("systemctl", ...args), { mayFail: true })).stdout.trim(),
    async reboot() {
      const before = first;
      await machine.systemctl("reboot");
      await booted(before);
    },
    async remove() {
      process.off("SIGTERM", interrupted);
      await box.stop("SIGKILL");
      await eventually("the machine is off", async () => (await groupsOf(id)).every((group) => group.empty));
      for (const { path } of await groupsOf(id)) await rmdir(path);
      await rm(directory, { recursive: true, force: true });
    },
  };

  async function booted(before: number): Promise<void> {
    await eventually(`systemd is up\n${box.output()}`, async () => {
      first = (await systemdOf(id)) ?? before;
      if (first === before) return false;
      return ["running", "degraded"].includes(await machine.systemctl("is-system-running"));
    });
  }
  const interrupted = () => machine.remove().finally(() => process.exit(1));
  process.once("SIGTERM", interrupted);
  await booted(0).catch(async (error: unknown) => {
    await machine.remove();
    throw error;
  });
  return machine;
}

/** The process that is number 1 of the machine, by the number it has here. */
async function systemdOf(id: string): Promise<number | undefined> {
  for (const name of await readdir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const status = await readFile(`/proc/${name}/status`, "utf8").catch(() => "");
    if (!/^Name:\tsystemd$/m.test(status) || !/^NSpid:.*\t1$/m.test(status)) continue;
    const groups = await readFile(`/proc/${name}/cgroup`, "utf8").catch(() => "");
    if (groups.includes(`/${id}/`)) return Number(name);
  }
  return undefined;
}

/** The machine's control groups on this machine, innermost first. */
async function groupsOf(id: string): Promise<{ path: string; empty: boolean }[]> {
  const { stdout } = await execute("find", ["/sys/fs/cgroup", "-depth", "-type", "d", "-path", `*/${id}*`]);
  const paths = stdout.split("\n").filter(Boolean);
  return Promise.all(
    paths.map(async (path) => ({
      path,
      empty: (await readFile(join(path, "cgroup.procs"), "utf8").catch(() => "")) === "",
    })),
  );
}
