import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { TestContext } from "node:test";

/** A service in a process of its own. */
export interface ServiceProcess {
  readonly url: string;
  /** Resolves when it is gone; with its exit code, if it had a say. */
  end(signal: "SIGKILL" | "SIGTERM"): Promise<number | null>;
}

/** Starts a program of this folder, on loopback; it is gone with the test. Resolves when it is open. */
export async function startProcess(
  context: TestContext,
  program: "registry" | "instance",
  environment: Readonly<Record<string, string>> = {},
): Promise<ServiceProcess> {
  const child = spawn(process.execPath, [join(import.meta.dirname, `${program}.ts`)], {
    env: { PATH: process.env.PATH, HOST: "127.0.0.1", PORT: "0", DRAIN_DELAY: "0ms", ...environment },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = once(child, "exit");
  const end: ServiceProcess["end"] = async (signal) => {
    child.kill(signal);
    return (await exited)[0];
  };
  context.after(() => end("SIGKILL"));
  for await (const text of createInterface(child.stdout)) {
    const line = JSON.parse(text) as { message: string; url: string };
    if (line.message !== "open") continue;
    child.stdout.resume();
    return { url: line.url, end };
  }
  throw new Error(`${program} ended before it was open`);
}
