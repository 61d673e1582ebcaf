import type { Readable, Writable } from "node:stream";
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
  /** Keeps a program open that reads commands from its input, one a line: `ip -force -batch -`, `sh`. */
  openBatch(command: BatchCommand): Batch;
  readonly files: Files;
  readonly mounts: Mounts;
  readonly cgroups: Cgroups;
  /** Sends a signal, by name or number (0 only asks); false when there is no such process. */
  signal(pid: number, signal: NodeJS.Signals | number): boolean;
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
  /** The program and its pipes no longer keep this process running. */
  release(): void;
}

export interface BatchCommand {
  readonly program: string;
  readonly arguments: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** How long one batch may take; default in `limits.ts`. After it the program is killed. */
  readonly timeoutMs?: number;
  /** Makes the line whose answer contains `token`. Default: the token itself, a command that no program knows. */
  readonly marker?: (token: string) => string;
  /** How many lines the program prints about the marker: 1, and for `ip -force -batch -` 2 (`Command failed -:7`). */
  readonly markerLines?: number;
}

export interface Batch {
  /** False when the program has ended: open another. */
  readonly open: boolean;
  /** Sends commands; resolves with what the program printed about them (stdout and stderr, in order). */
  send(lines: readonly string[]): Promise<string[]>;
  close(): Promise<void>;
}

export interface ProgramExit {
  readonly exitCode: number | undefined;
  readonly signal: NodeJS.Signals | undefined;
}

export interface Files {
  /** Undefined when there is no such file. */
  read(path: string): Promise<string | undefined>;
  readBytes(path: string): Promise<Uint8Array | undefined>;
  /**
   * Atomic (temporary file, fsync, rename) unless `inPlace` (cgroup and proc files). `durable: false` leaves out the
   * fsync: atomic over a crash of this process, not over a loss of power.
   */
  write(
    path: string,
    content: string | Uint8Array,
    options?: { mode?: number; inPlace?: boolean; durable?: boolean },
  ): Promise<void>;
  append(path: string, content: string | Uint8Array): Promise<void>;
  /** Names in a directory; empty when there is none. */
  list(directory: string): Promise<string[]>;
  makeDirectory(path: string, options?: { mode?: number }): Promise<void>;
  /** Removes a file or a tree; nothing to remove is fine. Never crosses a mount point: throws when one is below. */
  remove(path: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  symlink(target: string, path: string): Promise<void>;
  /** A hard link. */
  link(existing: string, path: string): Promise<void>;
  /** Where a symbolic link points; undefined when there is nothing. */
  readLink(path: string): Promise<string | undefined>;
  exists(path: string): Promise<boolean>;
  /** Of the file itself, also when it is a symbolic link; undefined when there is none. */
  stat(path: string): Promise<FileStatus | undefined>;
  /** The path without symbolic links; undefined when it leads nowhere. */
  realPath(path: string): Promise<string | undefined>;
  changeMode(path: string, mode: number): Promise<void>;
  /** Of the file itself, also when it is a symbolic link. */
  changeOwner(path: string, owner: { user?: number; group?: number }): Promise<void>;
  /** At most `length` bytes from `offset`; fewer at the end, none when there is no such file. */
  readRange(path: string, offset: number, length: number): Promise<Uint8Array>;
  /** Of the file system that holds the path. */
  space(path: string): Promise<FileSystemSpace>;
  /** `start` and `end` are inclusive byte offsets. */
  openRead(path: string, range?: { start?: number; end?: number }): Readable;
  /** Truncates or creates. Not atomic: write elsewhere, then rename. */
  openWrite(path: string, options?: { mode?: number }): Writable;
  makeFifos(paths: readonly string[]): Promise<void>;
  /**
   * Reads a FIFO. Ends when its last writer has closed it: how the end of a process that is no child is heard of. Opened `before` its
   * writer, it waits for one; `after`, it is at its end at once when there is none (any more).
   */
  openFifo(path: string, writer: "before" | "after"): Readable;
  /** Writes a FIFO. Its readers come to their end when this ends; what nobody has it open for by then is lost. */
  openFifoToWrite(path: string): Writable;
  /** Calls back on every change in a directory (inotify). */
  watch(directory: string, onChange: (name: string) => void): { close(): void };
}

export interface FileStatus {
  readonly kind: "file" | "directory" | "symlink" | "socket" | "block" | "character" | "fifo";
  readonly sizeBytes: number;
  /** The twelve permission bits. */
  readonly mode: number;
  readonly user: number;
  readonly group: number;
  readonly inode: number;
  /** Milliseconds since the epoch. */
  readonly modifiedAt: number;
}

export interface FileSystemSpace {
  readonly totalBytes: number;
  /** For programs without special rights. */
  readonly availableBytes: number;
  readonly totalInodes: number;
  readonly availableInodes: number;
}

export interface Mounts {
  mount(mount: Mount): Promise<void>;
  /** Lazy unmount of the topmost mount there; not mounted is fine. */
  unmount(path: string): Promise<void>;
  /** Unmounts everything at or under `prefix`. */
  unmountAll(prefix: string): Promise<void>;
  /** Mount points at or under `prefix`, deepest first. */
  under(prefix: string): Promise<string[]>;
}

export interface Mount {
  readonly type: "overlay" | "tmpfs" | "bind" | "proc";
  readonly source?: string;
  readonly target: string;
  /** Together at most a page (4095 bytes). */
  readonly options?: readonly string[];
  /** Where relative paths in `options` start: keeps the options of an overlay with many layers short. */
  readonly directory?: string;
}

/**
 * Control groups, the same for every layout. A group is named by its path below the root: `/kubepods/burstable/pod1`.
 * On version 1 it exists once per hierarchy.
 */
export interface Cgroups {
  layout(): Promise<CgroupLayout>;
  /**
   * Makes the group and those above it, with the node's controllers available in it. On version 2 a group that hands
   * controllers down to its children may hold no processes itself: which of the two it `holds` is decided here.
   */
  make(group: string, options: { holds: "groups" | "processes" }): Promise<void>;
  /** Undefined when there is no such file. `controller` picks the hierarchy on version 1. */
  read(controller: string, group: string, file: string): Promise<string | undefined>;
  write(controller: string, group: string, file: string, value: string): Promise<void>;
  /** Names of the groups right below. */
  children(group: string): Promise<string[]>;
  /** Pids in the group and all below it. */
  processes(group: string): Promise<number[]>;
  /** Moves a process, in every hierarchy where the group exists; one that has ended is left alone. */
  move(pid: number, group: string): Promise<void>;
  /** Removes the group and all below it, in every hierarchy; gone is fine. Throws when processes stay in it. */
  remove(group: string): Promise<void>;
}

export interface CgroupLayout {
  /** `hybrid`: controllers on version 1, and a version 2 mount beside them. */
  readonly kind: "v1" | "hybrid" | "v2";
  /** Mount point by controller; on v2 all lead to the same one. */
  readonly controllers: ReadonlyMap<string, string>;
  /** Mount points, each once, also of hierarchies without a controller. */
  readonly hierarchies: readonly string[];
  /** The version 2 mount, when there is one. */
  readonly unified: string | undefined;
}
