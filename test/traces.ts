import { readdir, readFile, readlink, stat } from "node:fs/promises";
import { systemClock } from "#base";
import type { TestMachine } from "./machine.ts";
import { execute } from "./processes.ts";

/** Everything that a cluster may leave on its machine. Two of these can be compared. */
export interface Traces {
  /** Command lines. */
  readonly processes: readonly string[];
  readonly mounts: readonly string[];
  readonly cgroups: readonly string[];
  readonly links: string;
  readonly addresses: string;
  readonly routes: string;
  readonly tables: string;
  readonly settings: Readonly<Record<string, string>>;
  /** Those directories and files of the cluster that exist. */
  readonly files: readonly string[];
}

/** What is on a machine now. */
export async function tracesOn(machine: TestMachine): Promise<Traces> {
  const show = async (program: string, ...args: string[]) => (await machine.run(program, args)).stdout.trim();
  const setting = (name: string) => show("cat", `/proc/sys/net/ipv4/${name}`);
  return {
    processes: (await processesOf(machine)).map(({ command }) => command),
    mounts: await mountsOf(machine),
    cgroups: await cgroupsOf(machine),
    links: await show("ip", "-brief", "link", "show"),
    addresses: await show("ip", "-brief", "address", "show"),
    // IPv6 gives every device link-local routes, a second or two after it is up.
    routes: (await show("ip", "route", "show", "table", "all")).replace(/^.*\bfe80:.*\n?/gm, ""),
    tables: await show("nft", "list", "ruleset"),
    settings: {
      ip_forward: await setting("ip_forward"),
      route_localnet: await setting("conf/all/route_localnet"),
    },
    files: await existing([machine.data, memoryDirectory(machine), machine.kubeconfig]),
  };
}

/** Once nothing runs any more, or should not: what a command started ends a moment after it. */
export async function tracesAtRest(machine: TestMachine): Promise<Traces> {
  for (let looks = 0; looks < 50; looks++) {
    if ((await processesOf(machine)).length === 0) break;
    await systemClock.sleep(100);
  }
  return tracesOn(machine);
}

/** One process of a cluster. */
export interface Process {
  readonly pid: number;
  readonly command: string;
}

/** Programs, supervisors, conmons and containers: whatever names the cluster's directories, lives in its network or in its cgroups. */
export async function processesOf(machine: TestMachine): Promise<Process[]> {
  const { ino } = await stat(`/run/netns/${machine.namespace}`);
  const found: Process[] = [];
  for (const name of await readdir("/proc")) {
    const pid = Number(name);
    if (!(pid > 0)) continue;
    try {
      const command = (await readFile(`/proc/${pid}/cmdline`, "utf8")).replaceAll("\0", " ").trim();
      const cgroup = await readFile(`/proc/${pid}/cgroup`, "utf8");
      const network = await readlink(`/proc/${pid}/ns/net`);
      const isOurs =
        command.includes(machine.data) ||
        command.includes(memoryDirectory(machine)) ||
        cgroup.includes(cgroupName(machine)) ||
        network === `net:[${ino}]`;
      if (isOurs) found.push({ pid, command });
    } catch {
      // It has ended meanwhile.
    }
  }
  return found;
}

/** The processes inside the pods, by pid. */
export async function containerProcesses(machine: TestMachine): Promise<number[]> {
  const pids = new Set<number>();
  for (const directory of await cgroupsOf(machine)) {
    const text = await readFile(`${directory}/cgroup.procs`, "utf8").catch(() => "");
    for (const line of text.trim().split("\n")) if (line !== "") pids.add(Number(line));
  }
  return [...pids].sort((a, b) => a - b);
}

/** The cgroups of the cluster's pods in every hierarchy, the innermost first. */
export async function cgroupsOf(machine: TestMachine): Promise<string[]> {
  const name = cgroupName(machine);
  const hierarchies = (await readdir("/sys/fs/cgroup")).map((one) => `/sys/fs/cgroup/${one}`);
  const roots = await existing(["/sys/fs/cgroup", ...hierarchies].map((one) => `${one}/${name}`));
  if (roots.length === 0) return [];
  const { stdout } = await execute("find", [...roots, "-depth", "-type", "d"], { mayFail: true });
  return stdout.trim().split("\n");
}

/** Mount points below the cluster's directories, the newest first. */
export async function mountsOf(machine: TestMachine): Promise<string[]> {
  const lines = (await readFile("/proc/self/mounts", "utf8")).split("\n");
  const points = lines.map((line) => line.split(" ")[1] ?? "");
  const roots = [machine.data, memoryDirectory(machine)];
  return points
    .filter((point) => roots.some((root) => point === root || point.startsWith(`${root}/`)))
    .reverse();
}

/** Where a cluster keeps what means nothing after a reboot. */
export function memoryDirectory(machine: TestMachine): string {
  return `/run/nacre/${machine.data.slice(1).replaceAll("/", "-")}`;
}

function cgroupName(machine: TestMachine): string {
  return `kubepods-${machine.clusterName}`;
}

async function existing(paths: readonly string[]): Promise<string[]> {
  const there = await Promise.all(
    paths.map((path) =>
      stat(path).then(
        () => true,
        () => false,
      ),
    ),
  );
  return paths.filter((_path, at) => there[at]);
}
