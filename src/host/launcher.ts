import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { type Clock, systemRandom } from "#base";
import { CapturedOutput } from "./captured-output.ts";
import type { CommandFailure } from "./command-error.ts";
import type { Command, CommandResult } from "./host.ts";
import { commandTimeoutMs, launcherInputBytes, launcherShells, launcherShellsIdle } from "./limits.ts";
import { signalProcess } from "./processes.ts";

export interface Outcome {
  readonly result: CommandResult;
  readonly failure: CommandFailure | undefined;
}

/**
 * Starts programs from small shells that are kept for it. A start from Node itself is a fork of the whole process: the kernel copies
 * its page tables, and the event loop stands still meanwhile (measured: 11 ms with 100 MB of memory in use, 27 ms with
 * 300 MB; from a shell of 1 MB always 1 ms, and nothing stands still).
 *
 * A shell runs one program at a time. After it, the shell prints a line with a token and the exit code on stdout, and the token on
 * stderr: then all output is here. A shell whose program is killed for its deadline dies with it, as one process group.
 */
export class Launcher {
  readonly #clock: Clock;
  readonly #idle: Shell[] = [];
  readonly #waiting: ((shell: Shell) => void)[] = [];
  #shells = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether a command can go this way: its input must fit into a shell's here-document. */
  static takes(command: Command): boolean {
    const { input } = command;
    if (input === undefined) return true;
    return typeof input === "string" && input.length <= launcherInputBytes && /^[^\0]*\n$/.test(input);
  }

  async run(command: Command): Promise<Outcome> {
    const shell = await this.#take();
    if (command.signal?.aborted) {
      this.#give(shell);
      return {
        result: { exitCode: -1, stdout: "", stderr: "" },
        failure: { kind: "killed", signal: "SIGKILL" },
      };
    }
    const outcome = await shell.run(command, this.#clock);
    this.#give(shell);
    return outcome;
  }

  #take(): Promise<Shell> {
    const idle = this.#idle.pop();
    if (idle) return Promise.resolve(idle);
    if (this.#shells < launcherShells) {
      this.#shells += 1;
      return Promise.resolve(new Shell());
    }
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #give(shell: Shell): void {
    const next = this.#waiting.shift();
    if (next) next(shell.usable ? shell : new Shell());
    else if (shell.usable && this.#idle.length < launcherShellsIdle) this.#idle.push(shell);
    else {
      this.#shells -= 1;
      shell.close();
    }
  }
}

class Shell {
  readonly #child: ChildProcessWithoutNullStreams;
  /** Starts this shell's tokens; no program that it runs gets to see it. */
  readonly #secret = Buffer.from(systemRandom.bytes(12)).toString("hex");
  #runs = 0;
  #ended = false;

  constructor() {
    this.#child = spawn("/bin/sh", [], { stdio: ["pipe", "pipe", "pipe"], detached: true, cwd: "/" });
    for (const part of [this.#child, this.#child.stdin, this.#child.stdout, this.#child.stderr]) {
      part.on("error", () => {
        this.#ended = true;
      });
    }
    this.#child.once("exit", () => {
      this.#ended = true;
    });
    this.#hold(false);
  }

  get usable(): boolean {
    return !this.#ended && this.#child.pid !== undefined;
  }

  close(): void {
    this.#child.stdin.end();
  }

  async run(command: Command, clock: Clock): Promise<Outcome> {
    this.#runs += 1;
    const token = `${this.#secret}-${this.#runs}`;
    const stdout = new CapturedOutput(this.#child.stdout, token);
    const stderr = new CapturedOutput(this.#child.stderr, token);
    const broken = Promise.withResolvers<undefined>();
    const onExit = () => broken.resolve(undefined);
    // Not the end of its pipes: a program that was started before, and is meant to stay, may hold them open for hours.
    this.#child.once("exit", onExit);
    let failure: CommandFailure | undefined;
    const kill = (why: CommandFailure) => {
      failure ??= why;
      this.#ended = true;
      if (this.#child.pid !== undefined) signalProcess(-this.#child.pid, "SIGKILL");
    };
    const timeoutMs = command.timeoutMs ?? commandTimeoutMs;
    const timer = clock.setTimer(timeoutMs, () => kill({ kind: "timed out", timeoutMs }));
    const onAbort = () => kill({ kind: "killed", signal: "SIGKILL" });
    command.signal?.addEventListener("abort", onAbort, { once: true });
    this.#hold(true);
    if (this.usable) this.#child.stdin.write(script(command, token));
    else broken.resolve(undefined);
    const codes = await Promise.race([Promise.all([stdout.done, stderr.done]), broken.promise]);
    timer.cancel();
    command.signal?.removeEventListener("abort", onAbort);
    this.#child.removeListener("exit", onExit);
    stdout.stop();
    stderr.stop();
    this.#hold(false);
    const exitCode = codes?.[0] ?? -1;
    if (!codes) failure ??= { kind: "not started", reason: "the shell that should start it ended" };
    else if (exitCode !== 0) failure ??= failureOf(command.program, exitCode, stderr.text());
    return { result: { exitCode, stdout: stdout.text(), stderr: stderr.text() }, failure };
  }

  /** While it works, this process waits for it; idle, it is no reason to stay. */
  #hold(working: boolean): void {
    const parts = [this.#child, this.#child.stdin, this.#child.stdout, this.#child.stderr];
    for (const part of parts as { ref?(): void; unref?(): void }[]) {
      if (working) part.ref?.();
      else part.unref?.();
    }
  }
}

/** What the shell is told: one subshell that becomes the program, then the marks. */
function script(command: Command, token: string): string {
  const environment = Object.entries(command.environment ?? {}).map(
    ([name, value]) => `export ${name}=${quoted(value)};`,
  );
  const directory = command.directory === undefined ? "" : `cd ${quoted(command.directory)} &&`;
  const words = [command.program, ...command.arguments].map(quoted).join(" ");
  const input = command.input === undefined ? "</dev/null" : `<<'${token}'\n${command.input}${token}`;
  return `(${environment.join("")}${directory} exec ${words}) ${input}\nc=$?; printf '\\n${token} %d\\n' $c; printf '\\n${token} %d\\n' $c >&2\n`;
}

/** A word that the shell takes as it is. */
function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}

/** The shell's own complaint about a program that it cannot start, as codes 127 and 126 (POSIX). */
function failureOf(program: string, exitCode: number, stderr: string): CommandFailure {
  const refused = (exitCode === 127 || exitCode === 126) && stderr.includes(`exec: ${program}: `);
  if (refused && exitCode === 127) return { kind: "not found" };
  if (refused) return { kind: "not started", reason: stderr.trim() };
  return { kind: "exited", exitCode };
}
