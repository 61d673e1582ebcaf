import type { Clock } from "#base";
import type { Host } from "#host";
import { limits } from "../limits.ts";
import { memoryField } from "./machine.ts";
import type { NodeHealth } from "./node-object.ts";

export interface HealthOptions {
  readonly host: Host;
  readonly clock: Clock;
  /** A path on the file system that pods use. */
  readonly storage: string;
  /** Why the node cannot run pods; undefined when it can. */
  readonly notReady: () => string | undefined;
}

/** Looks at the machine when asked. A pressure once seen is reported for a while after it has gone. */
export function createHealth(options: HealthOptions): () => Promise<NodeHealth> {
  const { host, clock, storage, notReady } = options;
  const seenAt = new Map<string, number>();
  const lasting = (name: string, isNow: boolean) => {
    const now = clock.monotonicMs();
    if (isNow) seenAt.set(name, now);
    const since = seenAt.get(name);
    return since !== undefined && now - since < limits.pressureTransitionMs;
  };
  return async () => {
    const [meminfo, loadavg, pidMax, space] = await Promise.all([
      host.files.read("/proc/meminfo"),
      host.files.read("/proc/loadavg"),
      host.files.read("/proc/sys/kernel/pid_max"),
      host.files.space(storage),
    ]);
    const pids = Number(/ \d+\/(\d+) /.exec(loadavg ?? "")?.[1] ?? 0);
    const pidsLeft = 1 - pids / Number(pidMax ?? Number.POSITIVE_INFINITY);
    const inodesLeft = space.totalInodes > 0 ? space.availableInodes / space.totalInodes : 1;
    const diskIsFull =
      space.availableBytes < space.totalBytes * limits.diskPressureFraction ||
      inodesLeft < limits.inodePressureFraction;
    return {
      notReady: notReady(),
      memoryPressure: lasting(
        "memory",
        memoryField(meminfo ?? "", "MemAvailable") < limits.memoryPressureBytes,
      ),
      diskPressure: lasting("disk", diskIsFull),
      pidPressure: lasting("pid", pidsLeft < limits.pidPressureFraction),
    };
  };
}
