import { spawn } from "node:child_process";
import { must } from "#base";
import { CommandError } from "./command-error.ts";
import type { Program, ProgramExit, SpawnCommand } from "./host.ts";
import { startFailure } from "./run.ts";

/** Starts a program and keeps its pipes. Throws `CommandError` at once when it cannot start. */
export function spawnProgram(command: SpawnCommand): Program {
  const child = spawn(command.program, command.arguments, {
    stdio: [...(command.stdio ?? ["pipe", "pipe", "pipe"])],
    detached: command.detached ?? false,
    ...(command.environment ? { env: { ...process.env, ...command.environment } } : {}),
    ...(command.directory ? { cwd: command.directory } : {}),
  });
  if (child.pid === undefined) {
    // Node reports why in an event of its own, later; a program that is not there is by far the usual reason.
    child.on("error", () => {});
    throw new CommandError(command, startFailure({ name: "Error", message: "spawn failed", code: "ENOENT" }));
  }
  child.on("error", () => {});
  for (const stream of child.stdio) stream?.on("error", () => {});
  const exited = new Promise<ProgramExit>((resolve) => {
    child.once("exit", (code, signal) =>
      resolve({ exitCode: code ?? undefined, signal: signal ?? undefined }),
    );
  });
  return {
    pid: must(child.pid, "a program that has started has a pid"),
    stdin: child.stdin ?? undefined,
    stdout: child.stdout ?? undefined,
    stderr: child.stderr ?? undefined,
    pipe: (descriptor) => (child.stdio[descriptor] ?? undefined) as NodeJS.ReadWriteStream | undefined,
    exited,
    signal: (signal) => child.kill(signal),
    release: () => {
      child.unref();
      for (const stream of child.stdio) (stream as { unref?: () => void } | null)?.unref?.();
    },
  };
}
