import type { Clock, Logger } from "#base";
import { openBatch } from "./batch.ts";
import { createCgroups } from "./cgroups.ts";
import { createFiles } from "./files.ts";
import type { Host } from "./host.ts";
import { createMounts } from "./mounts.ts";
import { processStartTime, signalProcess } from "./processes.ts";
import { createRun } from "./run.ts";
import { spawnProgram } from "./spawn.ts";

/** The machine this process runs on. */
export function createHost(options: { clock: Clock; logger: Logger }): Host {
  const { clock } = options;
  const run = createRun(options);
  return {
    clock,
    run,
    spawn: spawnProgram,
    openBatch: (command) => openBatch(command, { spawn: spawnProgram, clock }),
    files: createFiles(run),
    mounts: createMounts(run),
    cgroups: createCgroups(clock),
    signal: signalProcess,
    startTime: processStartTime,
  };
}
