import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface, type Interface } from "node:readline";
import type { TestContext } from "node:test";

/** A program of a test's own, in a process that can be killed; at the latest it is when the test ends. */
export interface StartedProgram {
  /** What it prints. */
  readonly lines: Interface;
  /** Resolves to the signal that has ended it; null: it ended by itself. */
  readonly ended: Promise<NodeJS.Signals | null>;
  /** Kills it (SIGKILL), and resolves when it is gone. */
  kill(): Promise<void>;
}

export function startProgram(context: TestContext, path: string, options: readonly string[]): StartedProgram {
  const child = spawn(process.execPath, [path, ...options], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(child, "close").then(([, signal]) => signal as NodeJS.Signals | null);
  const kill = async () => {
    child.kill("SIGKILL");
    await ended;
  };
  context.after(kill);
  return { lines: createInterface({ input: child.stdout }), ended, kill };
}
