import type { LinuxResources } from "../../runtime.ts";

/** Limits in the words of the OCI runtime specification (`linux.resources`). Both runtimes convert them for cgroup version 2. */
export function ociResources(resources: LinuxResources): Record<string, unknown> {
  const { cpuShares, cpuQuotaUs, cpuPeriodUs, memoryLimitBytes, pidsLimit } = resources;
  const cpu = {
    ...(cpuShares === undefined ? {} : { shares: cpuShares }),
    ...(cpuQuotaUs === undefined ? {} : { quota: cpuQuotaUs, period: cpuPeriodUs ?? defaultPeriodUs }),
  };
  return {
    ...(Object.keys(cpu).length > 0 ? { cpu } : {}),
    ...(memoryLimitBytes === undefined ? {} : { memory: { limit: memoryLimitBytes } }),
    ...(pidsLimit === undefined ? {} : { pids: { limit: pidsLimit } }),
  };
}

/** One write into a control group. */
export interface CgroupSetting {
  readonly controller: string;
  readonly file: string;
  readonly value: string;
}

/** The same limits as writes into a pod's group; what is not limited is written as such, so a change can take a limit away. */
export function cgroupSettings(resources: LinuxResources, layout: "v1" | "hybrid" | "v2"): CgroupSetting[] {
  const { cpuShares, cpuQuotaUs, cpuPeriodUs = defaultPeriodUs, memoryLimitBytes, pidsLimit } = resources;
  const shares = Math.max(cpuShares ?? 2, 2);
  if (layout === "v2") {
    return [
      { controller: "cpu", file: "cpu.weight", value: String(weightOfShares(shares)) },
      { controller: "cpu", file: "cpu.max", value: `${cpuQuotaUs ?? "max"} ${cpuPeriodUs}` },
      { controller: "memory", file: "memory.max", value: String(memoryLimitBytes ?? "max") },
      { controller: "pids", file: "pids.max", value: String(pidsLimit ?? "max") },
    ];
  }
  return [
    { controller: "cpu", file: "cpu.shares", value: String(shares) },
    { controller: "cpu", file: "cpu.cfs_period_us", value: String(cpuPeriodUs) },
    { controller: "cpu", file: "cpu.cfs_quota_us", value: String(cpuQuotaUs ?? -1) },
    { controller: "memory", file: "memory.limit_in_bytes", value: String(memoryLimitBytes ?? -1) },
    { controller: "pids", file: "pids.max", value: String(pidsLimit ?? "max") },
  ];
}

/** The kernel's default period. */
const defaultPeriodUs = 100_000;

/** Shares 2…262144 to weight 1…10000, the straight line that runc, crun and the kubelet use. */
export function weightOfShares(shares: number): number {
  return Math.floor(1 + ((Math.min(Math.max(shares, 2), 262_144) - 2) * 9999) / 262_142);
}
