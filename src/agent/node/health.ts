import type { Clock } from "#base";
import type { Host } from "#host";
import { readSignals, starved } from "../eviction/signals.ts";
import { limits } from "../limits.ts";
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
    const [signals, loadavg, pidMax] = await Promise.all([
      readSignals(host, { storage }),
      host.files.read("/proc/loadavg"),
      host.files.read("/proc/sys/kernel/pid_max"),
    ]);
    const short = new Set(starved(signals).map(({ resource }) => resource));
    const pids = Number(/ \d+\/(\d+) /.exec(loadavg ?? "")?.[1] ?? 0);
    const pidsLeft = 1 - pids / Number(pidMax ?? Number.POSITIVE_INFINITY);
    return {
      notReady: notReady(),
      memoryPressure: lasting("memory", short.has("memory")),
      diskPressure: lasting("disk", short.has("ephemeral-storage") || short.has("inodes")),
      pidPressure: lasting("pid", pidsLeft < limits.pidPressureFraction),
    };
  };
}
