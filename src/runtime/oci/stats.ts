import type { ContainerStats } from "../runtime.ts";
import type { RuntimeContext } from "./context.ts";

/** What a group uses right now; undefined when it is gone. Works alike for a container's group and a pod's. */
export async function groupStats(
  context: RuntimeContext,
  cgroup: string,
): Promise<ContainerStats | undefined> {
  const { host, clock, layout } = context;
  const read = (controller: string, file: string) => host.cgroups.read(controller, cgroup, file);
  const v2 = layout === "v2";
  const [cpu, memory, detail] = await Promise.all([
    v2 ? read("cpu", "cpu.stat") : read("cpuacct", "cpuacct.usage"),
    read("memory", v2 ? "memory.current" : "memory.usage_in_bytes"),
    read("memory", "memory.stat"),
  ]);
  if (cpu === undefined || memory === undefined) return undefined;
  const usage = Number(memory);
  // What could be reclaimed without harm does not count: the kubelet's definition.
  const inactive = field(detail ?? "", v2 ? "inactive_file" : "total_inactive_file") ?? 0;
  return {
    at: clock.now(),
    cpuUsageNanoseconds: v2 ? (field(cpu, "usage_usec") ?? 0) * 1000 : Number(cpu),
    memoryUsageBytes: usage,
    memoryWorkingSetBytes: Math.max(usage - inactive, 0),
  };
}

/** How many processes of the group were killed because its memory ran out. */
export async function oomKills(context: RuntimeContext, cgroup: string): Promise<number> {
  const file = context.layout === "v2" ? "memory.events" : "memory.oom_control";
  return field((await context.host.cgroups.read("memory", cgroup, file)) ?? "", "oom_kill") ?? 0;
}

/** A number from lines of `name value`. */
function field(text: string, name: string): number | undefined {
  for (const line of text.split("\n")) {
    if (line.startsWith(`${name} `)) return Number(line.slice(name.length + 1));
  }
  return undefined;
}
