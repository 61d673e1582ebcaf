import type { CgroupLayout } from "./host.ts";

/** Finds out how control groups are mounted. `mounts` is in the format of /proc/mounts; `unifiedControllers` of cgroup.controllers. */
export function cgroupLayout(
  mounts: string,
  unifiedControllers: (mountPoint: string) => string | undefined,
): CgroupLayout {
  const controllers = new Map<string, string>();
  const hierarchies: string[] = [];
  let unified: string | undefined;
  for (const line of mounts.split("\n")) {
    const [, point, type, options] = line.split(" ");
    if (!point || !options) continue;
    if (type === "cgroup2" && unified === undefined) unified = point;
    if (type !== "cgroup" || hierarchies.includes(point)) continue;
    hierarchies.push(point);
    for (const option of options.split(",")) {
      if (version1Controllers.has(option) && !controllers.has(option)) controllers.set(option, point);
    }
  }
  const kind = unified === undefined ? "v1" : hierarchies.length === 0 ? "v2" : "hybrid";
  if (unified !== undefined) {
    hierarchies.push(unified);
    for (const name of (unifiedControllers(unified) ?? "").trim().split(/\s+/)) {
      if (name && !controllers.has(name)) controllers.set(name, unified);
    }
  }
  return { kind, controllers, hierarchies, unified };
}

const version1Controllers: ReadonlySet<string> = new Set([
  "blkio",
  "cpu",
  "cpuacct",
  "cpuset",
  "devices",
  "freezer",
  "hugetlb",
  "memory",
  "misc",
  "net_cls",
  "net_prio",
  "perf_event",
  "pids",
  "rdma",
]);
