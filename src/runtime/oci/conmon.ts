import type { Host, Program } from "#host";
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
  /** Runs a command in a container instead: path of its process.json. */
  readonly exec?: string;
  /** The container's input stays open when who was attached to it leaves. */
  readonly keepStdin?: boolean;
  /** Moves conmon there before it does anything. */
  readonly cgroup?: string | undefined;
}

export interface Conmon {
  readonly program: Program;
  readonly identity: ProcessIdentity;
  /** The container's first process, or the command's. */
  readonly child: ProcessIdentity;
  /** Of a command in a container, when it has ended; undefined when conmon was killed. For containers, the exit file tells. */
  readonly exitCode: Promise<number | undefined>;
}

/**
 * Starts conmon, the small program that stays beside a container: it holds its terminal and pipes, writes its log, notes its end in
 * an exit file. It outlives us. `--sync` keeps it our child as long as we live, so we hear of its end.
 *
 *     we                conmon                      OCI runtime
 *     ── spawn ──────────▶ waits on pipe 4
 *     ── (move to cgroup)
 *     ── byte on pipe 4 ─▶ ───── create / exec ─────▶
 *     ◀── JSON on pipe 3 ─ ◀──── pid, or its words ──
 */
export async function startConmon(host: Host, options: ConmonOptions): Promise<Conmon> {
  const program = host.spawn({
    program: options.conmon,
    arguments: conmonArguments(options),
    stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"],
    environment: { _OCI_SYNCPIPE: "3", _OCI_STARTPIPE: "4" },
    detached: true,
  });
  const answer = answers(program);
  const timer = host.clock.setTimer(runtimeTimeoutMs, () => program.signal("SIGKILL"), { unref: true });
  const startTime = await host.startTime(program.pid);
  if (options.cgroup !== undefined) await host.cgroups.move(program.pid, options.cgroup).catch(() => {});
  program.pipe(4)?.end("\0");
  const { pid, message } = parseAnswer(await answer.first);
  timer.cancel();
  if (pid === undefined || pid <= 0) {
    await program.exited;
    throw new ContainerError("StartError", runtimeMessage(message));
  }
  const childStart = await host.startTime(pid);
  program.release();
  return {
    program,
    identity: { pid: program.pid, startTime: startTime ?? "" },
    // A command may have ended already; no process has an empty start time.
    child: { pid, startTime: childStart ?? "" },
    exitCode: answer.second.then((line) => parseAnswer(line).pid),
  };
}

function conmonArguments(options: ConmonOptions): string[] {
  const { bundle, engine } = options;
  return [
    ...["--api-version", "1", "--sync", "--no-sync-log", "--full-attach"],
    ...["--cid", options.containerId, "--cuuid", options.exitName, "--name", options.exitName],
    ...["--runtime", engine.program, "--runtime-arg", "--root", "--runtime-arg", engine.root],
    ...["--bundle", bundle, "--persist-dir", bundle, "--container-pidfile", `${bundle}/pidfile`],
    ...["--log-path", `k8s-file:${options.logPath}`, "--exit-dir", options.exitDirectory],
    ...(options.terminal ? ["--terminal"] : []),
    ...(options.stdin ? ["--stdin"] : []),
    ...(options.keepStdin ? ["--leave-stdin-open"] : []),
    ...(options.exec === undefined ? [] : ["--exec", "--exec-process-spec", options.exec]),
  ];
}

/** The two lines that may come on descriptor 3, "" for one that does not: the start's outcome, and a command's exit code. */
function answers(program: Program): { first: Promise<string>; second: Promise<string> } {
  const lines = [Promise.withResolvers<string>(), Promise.withResolvers<string>()];
  const pipe = program.pipe(3);
  let text = "";
  let next = 0;
  pipe?.on("data", (chunk: Buffer) => {
    text += chunk.toString("utf8");
    for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n")) {
      lines[next]?.resolve(text.slice(0, end));
      next += 1;
      text = text.slice(end + 1);
    }
  });
  pipe?.once("close", () => {
    lines[next]?.resolve(text);
    for (const line of lines) line.resolve("");
  });
  const [first, second] = lines.map((line) => line.promise);
  return { first: first ?? Promise.resolve(""), second: second ?? Promise.resolve("") };
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
function runtimeMessage(message: string): string {
  const found = /msg="((?:[^"\\]|\\.)*)"/.exec(message)?.[1];
  return (
    (found === undefined ? message : found.replace(/\\(.)/g, "$1")).trim() || "the OCI runtime gave no reason"
  );
}
