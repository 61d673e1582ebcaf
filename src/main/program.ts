import { type Clock, type Logger, logger, messageOf, type Random, systemClock, systemRandom } from "#base";
import {
  type ClusterConfig,
  type Layout,
  layoutOf,
  logFile,
  type ProgramName,
  readClusterConfig,
} from "#cluster";
import { createHost, type Host } from "#host";
import { settle } from "./settle.ts";

/** What every program of a cluster is started with. */
export interface Program {
  readonly config: ClusterConfig;
  readonly layout: Layout;
  readonly host: Host;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Aborted by SIGTERM: finish what was begun and return. */
  readonly signal: AbortSignal;
}

/**
 * Runs one program of the cluster whose data directory is the first argument, until SIGTERM or its own end. A failure is
 * one line on the error output, where the supervisor keeps it, and exit code 1: it is then started again.
 */
export async function runProgram(name: ProgramName, run: (program: Program) => Promise<void>): Promise<void> {
  const [data] = process.argv.slice(2);
  if (data === undefined) {
    process.stderr.write(`usage: ${name} DATA-DIRECTORY (started by nacre up)\n`);
    process.exit(2);
  }
  const layout = layoutOf(data);
  const ended = new AbortController();
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => ended.abort());
  const quiet = logger(() => {});
  const host = createHost({ clock: systemClock, logger: quiet });
  const log = logger(logFile(host, `${layout.logs}/${name}.log`, systemClock), "info", { program: name });
  try {
    const config = await readClusterConfig(host, layout.config);
    if (!config) throw new Error(`there is no cluster in ${data}; start one with: nacre up --data ${data}`);
    log.info("started", { pid: process.pid });
    void settle({ clock: systemClock, signal: ended.signal });
    await run({
      config,
      layout,
      host,
      clock: systemClock,
      random: systemRandom,
      logger: log,
      signal: ended.signal,
    });
    log.info("ended");
  } catch (error) {
    if (!ended.signal.aborted) {
      log.error("failed", {
        error: messageOf(error),
        stack: error instanceof Error ? error.stack : undefined,
      });
      process.stderr.write(`${name}: ${messageOf(error)}\n`);
      process.exitCode = 1;
    }
  }
  // Sockets and workers that are still open must not keep a program alive that has ended.
  setImmediate(() => process.exit());
}

/** Resolves when the signal aborts: what a program that only serves waits for. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
