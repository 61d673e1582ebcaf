import type { Clock } from "#base";
import type { Host } from "#host";
import type { ContainerRuntime } from "#runtime";
import { limits } from "../limits.ts";
import { logFiles } from "./files.ts";

export interface RotateOptions {
  readonly host: Host;
  readonly runtime: ContainerRuntime;
  readonly clock: Clock;
}

/** Moves the log of every running container away that has grown too large, and removes the oldest files. */
export async function rotateLogs({ host, runtime, clock }: RotateOptions): Promise<void> {
  for (const container of await runtime.containers()) {
    if (container.state !== "running") continue;
    const { logPath, attempt } = container;
    const size = (await host.files.stat(logPath))?.sizeBytes ?? 0;
    if (size < limits.logBytes) continue;
    // Sorted by name is sorted by age.
    const stamp = new Date(clock.now()).toISOString().replace(/[-:.]/g, "");
    await host.files.rename(logPath, `${logPath}.${stamp}`);
    await runtime.reopenLog(container.id);
    const directory = logPath.slice(0, logPath.lastIndexOf("/"));
    const files = await logFiles(host, directory, attempt);
    for (const path of files.slice(0, Math.max(files.length - limits.logFiles, 0)))
      await host.files.remove(path);
  }
}
