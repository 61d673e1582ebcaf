import { spawn } from "node:child_process";
import type { Clock, Logger } from "#base";
import { CommandError, type CommandFailure } from "./command-error.ts";
import type { Command, CommandResult } from "./host.ts";
import { Launcher, type Outcome } from "./launcher.ts";
import { commandTimeoutMs, outputBytes } from "./limits.ts";

/** Runs programs to their end, with a deadline and bounded output. */
export function createRun(options: {
  clock: Clock;
  logger: Logger;
}): (command: Command) => Promise<CommandResult> {
  const { clock, logger } = options;
  const launcher = new Launcher(clock);
  return async (command) => {
    command.signal?.throwIfAborted();
    const began = clock.monotonicMs();
    const { result, failure } = await (Launcher.takes(command)
      ? launcher.run(command)
      : runToEnd(command, clock));
    logger.debug("ran a program", {
      program: command.program,
      arguments: command.arguments,
      exitCode: result.exitCode,
      tookMs: Math.round(clock.monotonicMs() - began),
    });
    command.signal?.throwIfAborted();
    if (failure && !(failure.kind === "exited" && command.allowFailure)) {
      throw new CommandError(command, failure, result);
    }
    return result;
  };
}

/** For what a kept shell cannot do: pass on much input, or bytes. */
function runToEnd(command: Command, clock: Clock): Promise<Outcome> {
  return new Promise((resolve) => {
    const timeoutMs = command.timeoutMs ?? commandTimeoutMs;
    const child = spawn(command.program, command.arguments, {
      stdio: [command.input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
      ...(command.environment ? { env: { ...process.env, ...command.environment } } : {}),
      ...(command.directory ? { cwd: command.directory } : {}),
    });
    let failure: CommandFailure | undefined;
    const kill = (why: CommandFailure | undefined) => {
      failure ??= why;
      child.kill("SIGKILL");
      // A grandchild may hold the pipes open; its output is not waited for.
      child.stdout?.destroy();
      child.stderr?.destroy();
    };
    const timer = clock.setTimer(timeoutMs, () => kill({ kind: "timed out", timeoutMs }));
    const onAbort = () => kill({ kind: "killed", signal: "SIGKILL" });
    command.signal?.addEventListener("abort", onAbort, { once: true });
    const stdout = collect(child.stdout);
    const stderr = collect(child.stderr);
    child.on("error", (error: NodeJS.ErrnoException) => {
      failure ??= startFailure(error);
    });
    child.on("close", (code, signal) => {
      timer.cancel();
      command.signal?.removeEventListener("abort", onAbort);
      if (signal) failure ??= { kind: "killed", signal };
      else if (code !== 0) failure ??= { kind: "exited", exitCode: code ?? -1 };
      resolve({ result: { exitCode: code ?? -1, stdout: stdout(), stderr: stderr() }, failure });
    });
    if (command.input !== undefined) {
      // A program that ends without reading everything is judged by its exit code, not by the broken pipe.
      child.stdin?.on("error", () => {});
      child.stdin?.end(command.input);
    }
  });
}

export function startFailure(error: NodeJS.ErrnoException): CommandFailure {
  return error.code === "ENOENT" ? { kind: "not found" } : { kind: "not started", reason: error.message };
}

/** Keeps the first `outputBytes`, reads the rest to nowhere. Returns the text so far. */
function collect(stream: NodeJS.ReadableStream | null): () => string {
  const chunks: Buffer[] = [];
  let size = 0;
  let cut = 0;
  stream?.on("data", (chunk: Buffer) => {
    const room = outputBytes - size;
    if (chunk.length <= room) chunks.push(chunk);
    else {
      if (room > 0) chunks.push(chunk.subarray(0, room));
      cut += chunk.length - Math.max(room, 0);
    }
    size += Math.min(chunk.length, Math.max(room, 0));
  });
  return () => {
    const text = Buffer.concat(chunks).toString("utf8");
    return cut === 0 ? text : `${text}\n[${cut} more bytes cut]`;
  };
}
