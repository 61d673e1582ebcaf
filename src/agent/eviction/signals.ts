import type { Host } from "#host";
import { limits } from "../limits.ts";
import { memoryField } from "../node/machine.ts";

/** One of the node's resources, and how little of it may be left (the kubelet's eviction signals, with its hard thresholds). */
export interface Signal {
  readonly name: "memory.available" | "nodefs.available" | "nodefs.inodesFree" | "imagefs.available";
  readonly resource: "memory" | "ephemeral-storage" | "inodes";
  /** Bytes, or inodes. */
  readonly available: number;
  readonly threshold: number;
}

/** In the order in which they are to be relieved. `storage` is a path on the file system that pods and images share. */
export async function readSignals(
  host: Pick<Host, "files">,
  { storage }: { readonly storage: string },
): Promise<readonly Signal[]> {
  const [meminfo, space] = await Promise.all([host.files.read("/proc/meminfo"), host.files.space(storage)]);
  const { availableBytes, totalBytes, availableInodes, totalInodes } = space;
  const disk = { resource: "ephemeral-storage", available: availableBytes } as const;
  return [
    {
      name: "memory.available",
      resource: "memory",
      available: memoryField(meminfo ?? "", "MemAvailable"),
      threshold: limits.memoryPressureBytes,
    },
    { name: "nodefs.available", ...disk, threshold: Math.floor(totalBytes * limits.diskPressureFraction) },
    {
      name: "nodefs.inodesFree",
      resource: "inodes",
      available: availableInodes,
      // File systems that make inodes as they need them count none, and run out of none.
      threshold: Math.floor(totalInodes * limits.inodePressureFraction),
    },
    { name: "imagefs.available", ...disk, threshold: Math.floor(totalBytes * limits.imagePressureFraction) },
  ];
}

/** Of what too little is left. Pure. */
export function starved(signals: readonly Signal[]): readonly Signal[] {
  return signals.filter(({ available, threshold }) => available < threshold);
}
