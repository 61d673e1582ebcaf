import type { Host } from "#host";
import { limits } from "../limits.ts";

/** What the machine is: read once, at the start. */
export interface Machine {
  readonly cpuMilli: number;
  readonly memoryBytes: number;
  readonly storageBytes: number;
  readonly allocatable: {
    readonly cpuMilli: number;
    readonly memoryBytes: number;
    readonly storageBytes: number;
  };
  readonly hostname: string;
  readonly machineId: string;
  readonly systemUuid: string;
  readonly bootId: string;
  readonly kernelVersion: string;
  readonly osImage: string;
  /** In Go's words: `amd64`, `arm64`. */
  readonly architecture: string;
}

/** Reads /proc, /etc and /sys. `storage` is a path on the file system that pods use. */
export async function readMachine(host: Host, storage: string): Promise<Machine> {
  const read = async (path: string) => ((await host.files.read(path)) ?? "").trim();
  const [stat, meminfo, hostname, machineId, systemUuid, bootId, release, kernelVersion, space] =
    await Promise.all([
      read("/proc/stat"),
      read("/proc/meminfo"),
      read("/proc/sys/kernel/hostname"),
      read("/etc/machine-id"),
      read("/sys/class/dmi/id/product_uuid"),
      read("/proc/sys/kernel/random/boot_id"),
      read("/etc/os-release"),
      read("/proc/sys/kernel/osrelease"),
      host.files.space(storage),
    ]);
  const cpuMilli = Math.max(1, stat.match(/^cpu\d+ /gm)?.length ?? 1) * 1000;
  const memoryBytes = memoryField(meminfo, "MemTotal");
  const storageBytes = space.totalBytes;
  return {
    cpuMilli,
    memoryBytes,
    storageBytes,
    allocatable: {
      cpuMilli: Math.max(cpuMilli - limits.reservedCpuMilli, 0),
      memoryBytes: Math.max(memoryBytes - limits.reservedMemoryBytes, 0),
      storageBytes: Math.floor(storageBytes * (1 - limits.diskPressureFraction)),
    },
    hostname,
    machineId: machineId || bootId.replaceAll("-", ""),
    systemUuid: systemUuid || bootId,
    bootId,
    kernelVersion,
    osImage: /^PRETTY_NAME="?([^"\n]*)"?$/m.exec(release)?.[1] ?? "Linux",
    architecture: goArchitecture(process.arch),
  };
}

/** A field of /proc/meminfo in bytes. */
export function memoryField(meminfo: string, name: string): number {
  const kibibytes = new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(meminfo)?.[1];
  return Number(kibibytes ?? 0) * 1024;
}

function goArchitecture(architecture: string): string {
  return architecture === "x64" ? "amd64" : architecture;
}
