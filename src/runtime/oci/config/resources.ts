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

/** The same limits as writes into a pod's new group, which has none yet. Without shares, a pod has the least. */
export function cgroupSettings(resources: LinuxResources, layout: "v1" | "hybrid" | "v2"): CgroupSetting[] {
  const { cpuShares, cpuQuotaUs, cpuPeriodUs = defaultPeriodUs, memoryLimitBytes, pidsLimit } = resources;
  const shares = Math.max(cpuShares ?? 2, 2);
  const pids = pidsLimit === undefined ? [] : [setting("pids", "pids.max", pidsLimit)];
  if (layout === "v2") {
    return [
      setting("cpu", "cpu.weight", weightOfShares(shares)),
      ...(cpuQuotaUs === undefined ? [] : [setting("cpu", "cpu.max", `${cpuQuotaUs} ${cpuPeriodUs}`)]),
      ...(memoryLimitBytes === undefined ? [] : [setting("memory", "memory.max", memoryLimitBytes)]),
      ...pids,
    ];
  }
  return [
    setting("cpu", "cpu.shares", shares),
    ...(cpuQuotaUs === undefined
      ? []
      : [setting("cpu", "cpu.cfs_period_us", cpuPeriodUs), setting("cpu", "cpu.cfs_quota_us", cpuQuotaUs)]),
    ...(memoryLimitBytes === undefined ? [] : [setting("memory", "memory.limit_in_bytes", memoryLimitBytes)]),
    ...pids,
  ];
}

function setting(controller: string, file: string, value: number | string): CgroupSetting {
  return { controller, file, value: String(value) };
}

/** The kernel's default period. */
const defaultPeriodUs = 100_000;

/** Shares 2…262144 to weight 1…10000, the straight line that runc, crun and the kubelet use. */
export function weightOfShares(shares: number): number {
  return Math.floor(1 + ((Math.min(Math.max(shares, 2), 262_144) - 2) * 9999) / 262_142);
}
