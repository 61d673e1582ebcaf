import type { Logs } from "../telemetry/log-lines.ts";

/** What the process tells a service: to end (SIGTERM from a platform, SIGINT from a keyboard), or that something was thrown that nobody caught. */
export class ProcessEvents {
  readonly #logs: Logs;
  #exitCode = 0;
  #forget = () => {};

  constructor(logs: Logs) {
    this.#logs = logs;
  }

  /**
   * Calls `stop` at the first signal, and ends the process when that has resolved: with 0, or with 1 when something `failed`. A second signal ends it at
   * once. At a keyboard nobody waits for others to hear of it: `hurry`.
   */
  listen(stop: (hurry: boolean) => Promise<void>): void {
    const end = async (signal: NodeJS.Signals) => {
      this.#forget();
      this.#logs.logger.info("asked to end", { signal });
      await stop(signal === "SIGINT");
      process.exit(this.#exitCode);
    };
    // Node goes on to print it and exits with 1: a state that nobody foresaw is not gone on with.
    const fatal = (error: unknown) => {
      this.#logs.logger.error("the process ends, for something was thrown that nobody caught", { error });
      this.#logs.flush();
    };
    process.on("SIGTERM", end).on("SIGINT", end).on("uncaughtExceptionMonitor", fatal);
    // Nobody reads the log any more: whoever is served here is served all the same, until the process has ended.
    process.stdout.off("error", ignore).on("error", ignore);
    this.#forget = () => {
      process.off("SIGTERM", end).off("SIGINT", end).off("uncaughtExceptionMonitor", fatal);
    };
  }

  failed(): void {
    this.#exitCode = 1;
  }

  /** Leaves the process as it was. */
  forget(): void {
    this.#forget();
  }
}

function ignore(): void {}
