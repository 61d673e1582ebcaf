import type { Readable } from "node:stream";
import type { Host } from "#host";
import { ContainerError } from "../errors.ts";
import { runtimeTimeoutMs } from "./limits.ts";
import type { ProcessIdentity } from "./records.ts";

export interface ConmonOptions {
  readonly conmon: string;
  readonly engine: { readonly program: string; readonly root: string };
  readonly containerId: string;
  /** Names this conmon's exit file: the container, or a command in it. */
  readonly exitName: string;
  readonly exitDirectory: string;
  readonly bundle: string;
  readonly logPath: string;
  readonly terminal: boolean;
  readonly stdin: boolean;
  /**
   * `run`: the container runs when `startConmon` resolves. `create`: it waits for the engine's start. `exec`: a command in a container,
   * by the path of its process.json.
   */
  readonly task: "run" | "create" | { readonly exec: string };
  /** The container's input stays open when who was attached to it leaves. */
  readonly keepStdin?: boolean;
  /** Moves conmon there. */
  readonly cgroup?: string | undefined;
}

export interface Conmon {
  readonly identity: ProcessIdentity;
  /** The container's first process, or the command's. */
  readonly child: ProcessIdentity;
  /** Of a command in a container, when it has ended; undefined when conmon was killed. For containers, the exit file tells. */
  readonly exitCode: Promise<number | undefined>;
  readonly watch: ConmonWatch;
}

/** Hears of conmon's end: it holds the FIFO open as long as it lives. Works for a conmon that an earlier process started, too. */
export interface ConmonWatch {
  readonly gone: Promise<void>;
  close(): void;
}

/**
 * Starts conmon, the small program that stays beside a container: it holds its terminal and pipes, writes its log, notes its end in
 * an exit file. It outlives us, and is nobody's child. `bundle/sync`, a FIFO, must be there.
 *
 *     we                     conmon                   OCI runtime
 *     ── open FIFO
 *     ── run ──────────────▶ goes to the background
 *                            ── run / create / exec ─▶
 *     ◀── JSON on the FIFO ─ ◀──── pid, or its words ──
 *     ◀── end of the FIFO ── has ended
 */
export async function startConmon(host: Host, options: ConmonOptions): Promise<Conmon> {
  const { bundle } = options;
  const fifo = host.files.openFifo(`${bundle}/sync`, "before");
  const answer = answers(fifo);
  const watch = watchFifo(fifo);
  try {
    await host.run({
      program: "sh",
      arguments: [
        ...["-c", starter, "sh", `${bundle}/sync`],
        ...[options.conmon, ...conmonArguments(options)],
      ],
      environment: { _OCI_SYNCPIPE: "3" },
    });
    const identity = await identityIn(host, `${bundle}/conmon.pid`);
    const { pid, message } = parseAnswer(await firstAnswer(host, identity, options, answer.first));
    if (pid === undefined || pid <= 0) {
      await watch.gone;
      throw new ContainerError("StartError", runtimeMessage(message));
    }
    // A command may have ended already: no process has an empty start time.
    const child = { pid, startTime: (await host.startTime(pid)) ?? "" };
    return { identity, child, watch, exitCode: answer.second.then((line) => parseAnswer(line).pid) };
  } catch (error) {
    watch.close();
    throw error;
  }
}

/**
 * Opens the FIFO to write and becomes conmon. Opened both ways first: when we have been killed meanwhile nobody reads, and
 * to open it to write alone would wait for ever.
 */
const starter = 'sync=$1; shift; exec "$@" 4<>"$sync" 3>"$sync" 4<&-';

/** What conmon says first. One that does not say it in time, or cannot be put where it belongs, is killed. */
async function firstAnswer(
  host: Host,
  { pid }: ProcessIdentity,
  { cgroup }: Pick<ConmonOptions, "cgroup">,
  first: Promise<string>,
): Promise<string> {
  const timer = host.clock.setTimer(runtimeTimeoutMs, () => host.signal(pid, 9), { unref: true });
  try {
    if (cgroup !== undefined) await host.cgroups.move(pid, cgroup);
    return await first;
  } catch (error) {
    host.signal(pid, 9);
    throw error;
  } finally {
    timer.cancel();
  }
}

/** Watches a conmon that was started before. */
export function watchConmon(host: Host, bundle: string): ConmonWatch {
  const fifo = host.files.openFifo(`${bundle}/sync`, "after");
  fifo.resume();
  return watchFifo(fifo);
}

function watchFifo(fifo: Readable): ConmonWatch {
  const gone = new Promise<void>((resolve) => fifo.once("close", () => resolve()));
  return { gone, close: () => void fifo.destroy() };
}

async function identityIn(host: Host, path: string): Promise<ProcessIdentity> {
  const pid = Number(await host.files.read(path));
  return { pid, startTime: (await host.startTime(pid)) ?? "" };
}

function conmonArguments(options: ConmonOptions): string[] {
  const { bundle, task } = options;
  return [
    ...["--api-version", "1", "--no-sync-log", "--full-attach"],
    ...["--cid", options.containerId, "--cuuid", options.exitName, "--name", options.exitName],
    ...engineArguments(options),
    ...["--bundle", bundle, "--persist-dir", bundle, "--container-pidfile", `${bundle}/pidfile`],
    ...["--conmon-pidfile", `${bundle}/conmon.pid`],
    ...["--log-path", `k8s-file:${options.logPath}`, "--exit-dir", options.exitDirectory],
    ...(options.terminal ? ["--terminal"] : []),
    ...(options.stdin ? ["--stdin"] : []),
    ...(options.keepStdin ? ["--leave-stdin-open"] : []),
    ...(typeof task === "string" ? [] : ["--exec", "--exec-process-spec", task.exec]),
  ];
}

/** conmon calls `ENGINE ARGUMENTS create --bundle …`. A shell makes `run` of that, which saves calling the engine again to start it. */
function engineArguments({ engine, task }: ConmonOptions): string[] {
  const [program = "", ...words] =
    task === "run"
      ? ["/bin/sh", "-c", runScript, "sh", engine.program, engine.root]
      : [engine.program, "--root", engine.root];
  return ["--runtime", program, ...words.flatMap((word) => ["--runtime-arg", word])];
}

/** `$1` engine, `$2` its root, `$3` the word `create`, then what follows it. */
const runScript = 'engine=$1 root=$2; shift 3; exec "$engine" --root "$root" run --detach "$@"';

/** The two lines that may come, "" for one that does not: the start's outcome, and a command's exit code. */
function answers(pipe: Readable): { first: Promise<string>; second: Promise<string> } {
  const [first, second] = [Promise.withResolvers<string>(), Promise.withResolvers<string>()];
  const waiting = [first, second];
  let text = "";
  pipe.on("data", (chunk: Buffer) => {
    text += chunk.toString("utf8");
    for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n")) {
      waiting.shift()?.resolve(text.slice(0, end));
      text = text.slice(end + 1);
    }
  });
  pipe.once("close", () => {
    for (const line of waiting) line.resolve(line === waiting[0] ? text : "");
  });
  return { first: first.promise, second: second.promise };
}

function parseAnswer(line: string): { pid: number | undefined; message: string } {
  try {
    const answer = JSON.parse(line) as { data?: number; pid?: number; message?: string };
    return { pid: answer.data ?? answer.pid, message: answer.message ?? "" };
  } catch {
    return { pid: undefined, message: line.trim() || "conmon ended without an answer" };
  }
}

/** The runtime's own words, from the log line they come in: `… level=error msg="runc create failed: …"`. */
export function runtimeMessage(message: string): string {
  const found = /msg="((?:[^"\\]|\\.)*)"/.exec(message)?.[1];
  return (
    (found === undefined ? message : found.replace(/\\(.)/g, "$1")).trim() || "the OCI runtime gave no reason"
  );
}
