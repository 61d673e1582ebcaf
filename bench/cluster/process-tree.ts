import { readdirSync, readFileSync } from "node:fs";
import { silentLogger, systemClock } from "#base";
import { type Layout, runningPrograms } from "#cluster";
import { createHost } from "#host";

/** What all processes of a cluster use together: programs, their supervisors and their children, without users' pods. */
export interface Usage {
  /**
   * Proportional set size as it is where nobody else runs the same files: pages that our processes share count once, and strangers
   * who run the same Node take nothing off. Of each file, the process that has most of it resident counts.
   */
  readonly memoryMb: number;
  /** User and system time since the start of each, with that of children that have ended. */
  readonly cpuSeconds: number;
}

export async function usageOf(layout: Layout): Promise<Usage> {
  const host = createHost({ clock: systemClock, logger: silentLogger });
  const programs = await runningPrograms(host, layout);
  return usageOfProcesses(treeOf(programs.map(({ supervisorPid }) => supervisorPid)));
}

/** Processes that have ended meanwhile count nothing. */
export function usageOfProcesses(pids: readonly number[]): Usage {
  let kilobytes = 0;
  let ticks = 0;
  const files = new Map<string, number>();
  for (const pid of pids) {
    try {
      const memory = memoryOf(readFileSync(`/proc/${pid}/smaps`, "utf8"));
      kilobytes += memory.anonymous;
      for (const [file, resident] of memory.files) files.set(file, Math.max(files.get(file) ?? 0, resident));
      for (const field of fieldsOf(pid).slice(11, 15)) ticks += Number(field);
    } catch {
      // It has ended since the tree was read.
    }
  }
  for (const resident of files.values()) kilobytes += resident;
  return { memoryMb: (kilobytes * 1024) / 1_000_000, cpuSeconds: ticks / ticksPerSecond };
}

/**
 * Kilobytes of one process by `/proc/PID/smaps` (proc(5)): its share of memory of no file, and what is resident of each file.
 */
function memoryOf(smaps: string): { anonymous: number; files: Map<string, number> } {
  const files = new Map<string, number>();
  let anonymous = 0;
  let file = "";
  let resident = 0;
  let own = 0;
  for (const line of smaps.split("\n")) {
    const [word = "", amount] = line.split(/\s+/, 2);
    if (!word.endsWith(":")) file = line.split(/\s+/).slice(5).join(" ");
    else if (word === "Rss:") resident = Number(amount);
    else if (word === "Pss:") own = Number(amount);
    else if (word === "Anonymous:") {
      const shared = file.startsWith("/") ? Number(amount) : own;
      anonymous += shared;
      if (file.startsWith("/")) files.set(file, (files.get(file) ?? 0) + resident - shared);
    }
  }
  return { anonymous, files };
}

/** User and system time of one process since its start. */
export function cpuSecondsOf(pid: number): number {
  const [user, system] = fieldsOf(pid).slice(11, 13);
  return (Number(user) + Number(system)) / ticksPerSecond;
}

/** Linux has reported in hundredths of a second on every architecture for decades (USER_HZ). */
const ticksPerSecond = 100;

/** The processes and all their descendants, but for `conmon` and what is below it: those are users' containers. */
function treeOf(roots: readonly number[]): number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync("/proc")) {
    const pid = Number(name);
    if (!Number.isInteger(pid)) continue;
    try {
      if (readFileSync(`/proc/${pid}/comm`, "utf8").trim() === "conmon") continue;
      const parent = Number(fieldsOf(pid)[1]);
      children.set(parent, [...(children.get(parent) ?? []), pid]);
    } catch {
      // It has ended since the directory was read.
    }
  }
  const below = (pid: number): number[] => [pid, ...(children.get(pid) ?? []).flatMap(below)];
  return roots.flatMap(below);
}

/** `/proc/PID/stat` after the name in brackets: state, parent, … (proc(5)). */
function fieldsOf(pid: number): string[] {
  const text = readFileSync(`/proc/${pid}/stat`, "utf8");
  return text.slice(text.lastIndexOf(")") + 2).split(" ");
}
