import { quotedCommandCharacters, quotedLines } from "./limits.ts";

/** Why a program did not do what it was run for. */
export type CommandFailure =
  | { readonly kind: "exited"; readonly exitCode: number }
  | { readonly kind: "killed"; readonly signal: NodeJS.Signals }
  | { readonly kind: "timed out"; readonly timeoutMs: number }
  | { readonly kind: "not found" }
  | { readonly kind: "not started"; readonly reason: string };

/** A program failed. The message says what ran, how it ended, its last words, and what to do when that is known. */
export class CommandError extends Error {
  override readonly name = "CommandError";
  readonly program: string;
  readonly failure: CommandFailure;
  /** All of stderr that was kept. */
  readonly stderr: string;
  readonly stdout: string;

  constructor(
    command: { program: string; arguments: readonly string[] },
    failure: CommandFailure,
    output: { stdout?: string; stderr?: string } = {},
  ) {
    super(describe(command, failure, output.stderr ?? ""));
    this.program = command.program;
    this.failure = failure;
    this.stderr = output.stderr ?? "";
    this.stdout = output.stdout ?? "";
  }

  /** Undefined unless the program ran to its end. */
  get exitCode(): number | undefined {
    return this.failure.kind === "exited" ? this.failure.exitCode : undefined;
  }
}

export function isCommandError(error: unknown): error is CommandError {
  return error instanceof CommandError;
}

/** Debian's package for each program that Nacre runs. */
const packages: Readonly<Record<string, string>> = {
  conmon: "conmon",
  conntrack: "conntrack",
  crun: "crun",
  ip: "iproute2",
  mount: "mount",
  nft: "nftables",
  nsenter: "util-linux",
  runc: "runc",
  socat: "socat",
  sync: "coreutils",
  tar: "tar",
  umount: "mount",
  unshare: "util-linux",
};

function describe(
  command: { program: string; arguments: readonly string[] },
  failure: CommandFailure,
  stderr: string,
): string {
  const line = [command.program, ...command.arguments].join(" ");
  const quoted = line.length > quotedCommandCharacters ? `${line.slice(0, quotedCommandCharacters)}…` : line;
  const lastWords = stderr.trimEnd().split("\n").slice(-quotedLines).join("\n").trim();
  return `\`${quoted}\` ${ending(command.program, failure)}${lastWords ? `: ${lastWords}` : ""}`;
}

function ending(program: string, failure: CommandFailure): string {
  switch (failure.kind) {
    case "exited":
      return `failed with exit code ${failure.exitCode}`;
    case "killed":
      return `was killed by ${failure.signal}`;
    case "timed out":
      return `did not finish within ${failure.timeoutMs} ms and was killed`;
    case "not started":
      return `could not be started (${failure.reason})`;
    case "not found": {
      const name = program.slice(program.lastIndexOf("/") + 1);
      const known = packages[name];
      return `could not be started: there is no program ${program}. ${
        known ? `Install it with: apt-get install ${known}` : "Install it, or put its folder on PATH"
      }`;
    }
  }
}
