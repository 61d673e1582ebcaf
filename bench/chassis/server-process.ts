import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { setTimeout as pause } from "node:timers/promises";

/** A server in a process of its own, whose output nobody reads. */
export class ServerProcess {
  readonly #child: ChildProcess;
  readonly #port: number;
  readonly #startedMs = performance.now();

  constructor(
    file: string,
    port: number,
    { args = [], environment = {} }: { args?: readonly string[]; environment?: NodeJS.ProcessEnv } = {},
  ) {
    this.#port = port;
    this.#child = spawn(process.execPath, [file, String(port), ...args], {
      stdio: ["ignore", "ignore", "ignore"],
      env: { ...process.env, ...environment },
    });
  }

  /** Resolves when it takes connections: how many milliseconds after it was started. */
  async listening(): Promise<number> {
    const deadline = this.#startedMs + 20_000;
    for (;;) {
      if (await accepts(this.#port)) return performance.now() - this.#startedMs;
      if (this.#child.exitCode !== null)
        throw new Error(`it ended with ${this.#child.exitCode} before it listened`);
      if (performance.now() > deadline) throw new Error("it did not listen within 20 s");
      await pause(1);
    }
  }

  /** CPU time so far, in milliseconds. */
  cpuMs(): number {
    const fields = readFileSync(`/proc/${this.#child.pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
    return (Number(fields[11]) + Number(fields[12])) * 10;
  }

  /** Resident memory in MB. */
  memoryMb(): number {
    const pages = readFileSync(`/proc/${this.#child.pid}/statm`, "utf8").split(" ")[1];
    return (Number(pages) * 4096) / 1e6;
  }

  end(): Promise<void> {
    return this.#endBy("SIGKILL");
  }

  /** Asks it to end, so that it keeps what it has compiled. */
  stop(): Promise<void> {
    return this.#endBy("SIGINT");
  }

  async #endBy(signal: NodeJS.Signals): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, "exit");
    this.#child.kill(signal);
    await ended;
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
