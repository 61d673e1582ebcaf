import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { type Clock, messageOf } from "#base";
import type { Host } from "#host";
import type { ExecOptions, ExecSession } from "../runtime.ts";
import type { OciProcess } from "./config/container-config.ts";
import { startConmon } from "./conmon.ts";
import type { RuntimeContext } from "./context.ts";
import { exitCodeOfFailure } from "./exec-failure.ts";
import { LogFollower } from "./follow-log.ts";
import { bundle, execDirectory } from "./paths.ts";
import type { ContainerRecord } from "./records.ts";
import { windowSizeTeller } from "./window-size.ts";

/** Runs a command in a container, as its own process would run: same user, environment, capabilities, control group. */
export async function execInContainer(
  context: RuntimeContext,
  record: ContainerRecord,
  options: ExecOptions,
  name: string,
): Promise<ExecSession> {
  const { host, paths } = context;
  const directory = execDirectory(paths, name);
  const config = await host.files.read(`${bundle(paths, record.id)}/config.json`);
  const { process } = JSON.parse(config ?? "{}") as { process: OciProcess };
  const env = options.terminal && !process.env.some((one) => one.startsWith("TERM=")) ? ["TERM=xterm"] : [];
  const spec = {
    ...process,
    args: options.command,
    terminal: options.terminal,
    env: [...process.env, ...env],
  };
  await host.files.makeDirectory(directory, { mode: 0o700 });
  await host.files.write(`${directory}/process.json`, JSON.stringify(spec), { mode: 0o600, durable: false });
  try {
    const session = options.terminal
      ? await withTerminal(context, record, options, directory)
      : await withPipes(context, record, options, directory);
    void session.exited.finally(() => host.files.remove(directory)).catch(() => {});
    return session;
  } catch (error) {
    await host.files.remove(directory);
    throw error;
  }
}

/**
 * A shell runs the OCI runtime's `exec` on FIFOs. It says when it has opened its input, then the exit code, on a FIFO that it holds open
 * for as long as it lives. It opens each both ways first: when we have been killed meanwhile there is nobody at the other end, and
 * it would wait for ever; so it is told by the signal for a broken pipe. The pipes of the kept shell that starts it are not its own.
 */
const messenger = `exec >/dev/null 2>&1; cd "$1"; shift; in=/dev/null; [ ! -p stdin ] || in=stdin
exec 4<>code 3>code 4<>$in <$in 4<&-; echo ready >&3
"$@" 4<>stdout 5<>stderr >stdout 2>stderr 3>&- 4<&- 5<&-
echo $? >&3`;

/** Without a terminal. The messenger starts from a kept shell, not from us: a fork of this process would stop it for milliseconds. */
async function withPipes(
  context: RuntimeContext,
  record: ContainerRecord,
  options: ExecOptions,
  directory: string,
): Promise<ExecSession> {
  const { host, engine, clock } = context;
  const at = (name: string) => `${directory}/${name}`;
  const names = ["stdout", "stderr", "code", ...(options.stdin ? ["stdin"] : [])];
  await context.fifos.put(names.map(at));
  const stdout = host.files.openFifo(at("stdout"), "before");
  const stderr = host.files.openFifo(at("stderr"), "before");
  const code = host.files.openFifo(at("code"), "before");
  const told = text(code);
  // A start that fails destroys it, and then nobody waits for what it would tell.
  told.catch(() => {});
  const ready = new Promise<void>((resolve) =>
    code.once("data", () => resolve()).once("close", () => resolve()),
  );
  const stdin = options.stdin ? host.files.openFifoToWrite(at("stdin")) : undefined;
  try {
    await host.run({
      program: "setsid",
      arguments: [
        ...["--fork", "sh", "-c", messenger, "sh", directory],
        // With its log elsewhere, what it says on stderr is a sentence.
        ...[engine.program, "--root", engine.root, "--log", at("log"), "exec"],
        ...["--process", at("process.json"), "--pid-file", at("pidfile"), record.id],
      ],
    });
    await ready;
  } catch (error) {
    for (const stream of [stdout, stderr, code, stdin]) stream?.destroy();
    throw error;
  }
  let isOver = false;
  let killing: { close(): void } | undefined;
  const kill = () => {
    if (!isOver) killing ??= killOnceBegun(host, directory);
  };
  const late = deadline(clock, options.timeoutMs, kill);
  const exited = told.then(async (lines) => {
    isOver = true;
    late?.cancel();
    killing?.close();
    stdin?.destroy();
    const line = lines.split("\n")[1];
    const exitCode = line ? Number(line) : 137;
    if (exitCode === 0) return 0;
    return exitCodeOfFailure((await host.files.read(at("log"))) ?? "") ?? exitCode;
  });
  return { stdin, stdout, stderr, resize: () => {}, exited, kill };
}

/** With a terminal, conmon holds its master side, as it does for a container. */
async function withTerminal(
  context: RuntimeContext,
  record: ContainerRecord,
  options: ExecOptions,
  directory: string,
): Promise<ExecSession> {
  const { host, engine, clock } = context;
  const logPath = `${directory}/output`;
  await host.files.append(logPath, "");
  await context.fifos.put([`${directory}/sync`]);
  const output = new LogFollower(host, logPath, 0);
  try {
    const conmon = await startConmon(host, {
      conmon: context.conmon,
      engine,
      containerId: record.id,
      exitName: record.id,
      exitDirectory: directory,
      bundle: directory,
      logPath,
      terminal: true,
      stdin: options.stdin,
      task: { exec: `${directory}/process.json` },
      cgroup: context.conmonCgroup,
    });
    let isOver = false;
    const kill = () => {
      // Its pid may be somebody else's by then.
      if (!isOver) host.signal(conmon.child.pid, 9);
    };
    const late = deadline(clock, options.timeoutMs, kill);
    const exited = conmon.exitCode.then(async (code) => {
      isOver = true;
      late?.cancel();
      await conmon.watch.gone;
      output.finish();
      return code ?? 137;
    });
    return attached(host, { directory, output, exited, kill, stdin: options.stdin, terminal: true });
  } catch (error) {
    output.finish();
    const exitCode = exitCodeOfFailure(messageOf(error));
    if (exitCode !== undefined) return notStarted(messageOf(error), exitCode);
    throw new Error(`cannot run ${options.command[0]} in container ${record.name}: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

/** A command that never was: its terminal shows why. */
function notStarted(message: string, exitCode: number): ExecSession {
  return {
    stdin: undefined,
    stdout: Readable.from([`${message}\r\n`]),
    stderr: undefined,
    resize: () => {},
    exited: Promise.resolve(exitCode),
    kill: () => {},
  };
}

/** Joins the container's main process. */
export async function attachToContainer(
  context: RuntimeContext,
  record: ContainerRecord,
  options: { stdin: boolean; terminal: boolean; ended: Promise<number> },
): Promise<ExecSession> {
  const { host, paths } = context;
  const offset = (await host.files.stat(record.logPath))?.sizeBytes ?? 0;
  const output = new LogFollower(host, record.logPath, offset);
  const left = Promise.withResolvers<number>();
  const exited = Promise.race([options.ended, left.promise]).finally(() => output.finish());
  return attached(host, {
    directory: bundle(paths, record.id),
    output,
    exited,
    // Leaving ends the session, not the container.
    kill: () => left.resolve(0),
    stdin: options.stdin && record.stdin,
    terminal: record.terminal,
  });
}

/** A session with what conmon holds: output from its log, input through its socket, window size through its pipe. */
function attached(
  host: Host,
  from: {
    directory: string;
    output: LogFollower;
    exited: Promise<number>;
    kill: () => void;
    stdin: boolean;
    terminal: boolean;
  },
): ExecSession {
  const { directory, output, exited } = from;
  const socket = from.stdin
    ? // conmon's socket is of packets, which Node cannot open. Relative to `directory`, because a socket's path is short.
      host.spawn({
        program: "socat",
        arguments: ["-", "UNIX-CONNECT:attach,type=5"],
        directory,
        stdio: ["pipe", "ignore", "ignore"],
      })
    : undefined;
  void exited.finally(() => socket?.signal("SIGTERM")).catch(() => {});
  return {
    stdin: socket?.stdin,
    stdout: output.stdout,
    stderr: from.terminal ? undefined : output.stderr,
    resize: windowSizeTeller(host.files, `${directory}/winsz`),
    exited,
    kill: from.kill,
  };
}

/** Kills the command now or, when it has not begun yet, as soon as it has: then its pid is written into the directory. */
function killOnceBegun(host: Host, directory: string): { close(): void } {
  const attempt = () =>
    killCommand(host, directory).then(
      (done) => done && watcher.close(),
      () => {},
    );
  const watcher = host.files.watch(directory, () => void attempt());
  void attempt();
  return watcher;
}

/**
 * Kills the command with the children of its session, which would hold its pipes open. Its messenger then ends by itself,
 * with its exit code, and as its parent takes it off the process table. False when the command has not begun.
 */
async function killCommand(host: Host, directory: string): Promise<boolean> {
  const pid = Number(await host.files.read(`${directory}/pidfile`));
  return pid > 0 && (host.signal(-pid, 9) || host.signal(pid, 9));
}

function deadline(
  clock: Clock,
  timeoutMs: number | undefined,
  kill: () => void,
): { cancel(): void } | undefined {
  return timeoutMs === undefined ? undefined : clock.setTimer(timeoutMs, kill);
}
