import type { Clock } from "#base";

/**
 * The one port to the machine. Everything that runs programs, mounts, joins namespaces, writes cgroup files or sends
 * signals goes through it, so it is logged, timed out and recordable, and the simulator can stand in for it.
 */
export interface Host {
  readonly clock: Clock;
  /** Runs a program to its end. Throws `CommandError` when it cannot start, times out or (unless `allowFailure`) exits non-zero. */
  run(command: Command): Promise<CommandResult>;
  /** Starts a program and keeps its pipes. */
  spawn(command: SpawnCommand): Program;
  readonly files: Files;
  readonly mounts: Mounts;
  /** Sends a signal; false when there is no such process. */
  signal(pid: number, signal: NodeJS.Signals | 0): boolean;
  /** Identity of a process over pid reuse: start time in clock ticks from /proc/PID/stat; undefined when gone. */
  startTime(pid: number): Promise<string | undefined>;
}

export interface Command {
  readonly program: string;
  readonly arguments: readonly string[];
  readonly input?: string | Uint8Array;
  readonly environment?: Readonly<Record<string, string>>;
  readonly directory?: string;
  /** Default in `limits.ts`. After it the program gets SIGKILL. */
  readonly timeoutMs?: number;
  readonly allowFailure?: boolean;
  readonly signal?: AbortSignal;
}

export interface CommandResult {
  readonly exitCode: number;
  /** At most `limits.outputBytes`; more is cut with a mark. */
  readonly stdout: string;
  readonly stderr: string;
}

export interface SpawnCommand {
  readonly program: string;
  readonly arguments: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly directory?: string;
  /** Descriptors 0, 1, 2, 3, …: a pipe, nothing, or a file descriptor already open. Default: pipe, pipe, pipe. */
  readonly stdio?: readonly ("pipe" | "ignore" | number)[];
  /** A process group of its own: survives its starter. */
  readonly detached?: boolean;
}

/** A program that runs. */
export interface Program {
  readonly pid: number;
  readonly stdin: NodeJS.WritableStream | undefined;
  readonly stdout: NodeJS.ReadableStream | undefined;
  readonly stderr: NodeJS.ReadableStream | undefined;
  /** Descriptors beyond 2, by number, as duplex pipes. */
  pipe(descriptor: number): NodeJS.ReadWriteStream | undefined;
  readonly exited: Promise<ProgramExit>;
  signal(signal: NodeJS.Signals): boolean;
}

export interface ProgramExit {
  readonly exitCode: number | undefined;
  readonly signal: NodeJS.Signals | undefined;
}

export interface Files {
  /** Undefined when there is no such file. */
  read(path: string): Promise<string | undefined>;
  readBytes(path: string): Promise<Uint8Array | undefined>;
  /** Atomic (temporary file, fsync, rename) unless `inPlace` (cgroup and proc files). */
  write(path: string, content: string | Uint8Array, options?: { mode?: number; inPlace?: boolean }): Promise<void>;
  /** Names in a directory; empty when there is none. */
  list(directory: string): Promise<string[]>;
  makeDirectory(path: string, options?: { mode?: number }): Promise<void>;
  /** Removes a file or a tree; nothing to remove is fine. Never crosses a mount point. */
  remove(path: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  symlink(target: string, path: string): Promise<void>;
  exists(path: string): Promise<boolean>;
  /** Calls back on every change in a directory (inotify). */
  watch(directory: string, onChange: (name: string) => void): { close(): void };
}

export interface Mounts {
  mount(mount: Mount): Promise<void>;
  /** Lazy unmount; not mounted is fine. */
  unmount(path: string): Promise<void>;
  /** Mount points under `prefix`, deepest first. */
  under(prefix: string): Promise<string[]>;
}

export interface Mount {
  readonly type: "overlay" | "tmpfs" | "bind" | "proc";
  readonly source?: string;
  readonly target: string;
  readonly options?: readonly string[];
}
