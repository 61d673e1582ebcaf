import { readdirSync, readFileSync } from "node:fs";
import { silentLogger, systemClock } from "#base";
import { type Layout, runningPrograms } from "#cluster";
import { createHost } from "#host";

/** What all processes of a cluster use together: programs, their supervisors and their children, without users' pods. */
export interface Usage {
  /** Proportional set size: pages that several processes share count once. */
  readonly memoryMb: number;
  /** User and system time since the start of each, with that of children that have ended. */
  readonly cpuSeconds: number;
}

export async function usageOf(layout: Layout): Promise<Usage> {
  const host = createHost({ clock: systemClock, logger: silentLogger });
  const programs = await runningPrograms(host, layout);
  const pids = treeOf(programs.map(({ supervisorPid }) => supervisorPid));
  const usages = pids.map((pid) => usageOfProcess(pid));
  return {
    memoryMb: usages.reduce((sum, { memoryMb }) => sum + memoryMb, 0),
    cpuSeconds: usages.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0),
  };
}

/** One process. Zero when it has just ended. */
export function usageOfProcess(pid: number): Usage {
  try {
    const kilobytes = /^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"))?.[1];
    const ticks = fieldsOf(pid)
      .slice(11, 15)
      .reduce((sum, field) => sum + Number(field), 0);
    return { memoryMb: (Number(kilobytes) * 1024) / 1_000_000, cpuSeconds: ticks / ticksPerSecond };
  } catch {
    return { memoryMb: 0, cpuSeconds: 0 };
  }
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
