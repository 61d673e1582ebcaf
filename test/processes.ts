import { spawn } from "node:child_process";

/** What a program printed and how it ended. */
export interface Result {
  /** -1 when a signal ended it. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions extends StartOptions {
  readonly input?: string;
  readonly timeoutMs?: number;
  /** A non-zero exit is returned, not thrown. */
  readonly mayFail?: boolean;
}

/** A program that goes on while the test does other things. */
export interface Running {
  readonly pid: number;
  /** The program and its arguments. */
  readonly command: string;
  /** Everything it printed so far, errors among it. */
  output(): string;
  /** Resolves with what matches, as soon as it was printed. Rejects when the program ends without it, or is late. */
  printed(pattern: RegExp, options?: { timeoutMs?: number }): Promise<string>;
  readonly ended: Promise<Result>;
  /** Writes to its input; without text, closes it. */
  type(text?: string): void;
  /** Resolves when it has ended. */
  stop(signal?: NodeJS.Signals): Promise<Result>;
}

/** Runs a program to its end. Throws with what it printed when it fails. */
export async function execute(
  program: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<Result> {
  return ended(start(program, args, options), options);
}

/** What became of a program that was started, as `execute` has it. */
export async function ended(running: Running, options: RunOptions): Promise<Result> {
  const timer = setTimeout(() => running.stop("SIGKILL"), options.timeoutMs ?? 60_000);
  running.type(options.input);
  running.type();
  const result = await running.ended.finally(() => clearTimeout(timer));
  if (result.code !== 0 && !options.mayFail) {
    throw new Error(`${running.command} ended with ${result.code}:\n${running.output()}`);
  }
  return result;
}

export interface StartOptions {
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Signals that a terminal sends to all that a command has started are not for it. */
  readonly detached?: boolean;
}

export function start(program: string, args: readonly string[], options: StartOptions = {}): Running {
  const { environment = process.env, detached = false } = options;
  const child = spawn(program, args, { stdio: "pipe", env: environment, detached });
  const parts = { stdout: "", stderr: "", all: "" };
  const waiting = new Set<() => void>();
  const command = [program, ...args].join(" ");
  const ended = new Promise<Result>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code: code ?? -1, stdout: parts.stdout, stderr: parts.stderr }));
  });
  ended.catch(() => {});
  child.stdin.on("error", () => {});
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (chunk: string) => {
      parts[name] += chunk;
      parts.all += chunk;
      for (const look of [...waiting]) look();
    });
  }
  return {
    pid: child.pid ?? 0,
    command,
    ended,
    output: () => parts.all,
    printed: (pattern, { timeoutMs = printTimeoutMs } = {}) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const match = pattern.exec(parts.all);
          if (!match) return;
          waiting.delete(look);
          resolve(match[1] ?? match[0]);
        };
        const why = `${command} printed nothing like ${pattern}`;
        const fail = (how: string) =>
          waiting.delete(look) && reject(new Error(`${why} ${how}:\n${parts.all}`));
        waiting.add(look);
        look();
        const timer = setTimeout(() => fail("in time"), timeoutMs);
        ended.finally(() => clearTimeout(timer)).then(() => fail("before it ended"), reject);
      }),
    type(text) {
      if (text === undefined) child.stdin.end();
      else child.stdin.write(text);
    },
    stop(signal = "SIGTERM") {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal);
      return ended;
    },
  };
}

/** Long enough for the slowest step on a busy machine; a failure, not a pace. */
const printTimeoutMs = 60_000;
