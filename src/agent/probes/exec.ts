import type { Readable } from "node:stream";
import type { Clock } from "#base";
import type { ContainerRuntime, ExecSession } from "#runtime";
import { endSession } from "../containers/end-session.ts";
import { limits } from "../limits.ts";

export interface ExecResult {
  readonly exitCode: number;
  /** Both outputs, cut to what a probe keeps. */
  readonly output: string;
}

/** Runs a command in a container and keeps the beginning of what it says. A command that takes too long is killed, and not waited for. */
export async function execProbe(
  runtime: ContainerRuntime,
  id: string,
  command: readonly string[],
  { clock, timeoutMs }: { readonly clock: Clock; readonly timeoutMs?: number },
): Promise<ExecResult> {
  const late = Promise.withResolvers<undefined>();
  const timer =
    timeoutMs === undefined
      ? undefined
      : clock.setTimer(timeoutMs, () => late.resolve(undefined), { unref: true });
  const starting = runtime.exec(id, { command, terminal: false, stdin: false });
  const session = await Promise.race([starting, late.promise]);
  const output = session && keptOutput(session);
  const exitCode = session && (await Promise.race([session.exited, late.promise]));
  timer?.cancel();
  if (exitCode !== undefined && output) {
    await output.drained(clock);
    return { exitCode, output: output.text() };
  }
  void starting.then(endSession).catch(() => {});
  return {
    exitCode: killed,
    output: `command timed out: ${JSON.stringify(command.join(" "))} timed out after ${(timeoutMs ?? 0) / 1000}s`,
  };
}

/** As a shell says of SIGKILL. */
const killed = 137;

function keptOutput({ stdout, stderr }: ExecSession) {
  const chunks: Buffer[] = [];
  let length = 0;
  const keep = (chunk: Buffer | string) => {
    const bytes = Buffer.from(chunk);
    const room = limits.probeBodyBytes - length;
    if (room > 0) chunks.push(bytes.subarray(0, room));
    length += bytes.length;
  };
  const ended = [stdout, stderr].map((stream) => {
    if (!stream) return undefined;
    stream.on("data", keep);
    const { promise, resolve } = Promise.withResolvers<void>();
    for (const event of ["end", "close", "error"]) stream.once(event, () => resolve());
    return promise;
  });
  return {
    text: () => Buffer.concat(chunks).toString("utf8"),
    /** What the command left running may hold its output open for ever: that is not waited for. */
    async drained(clock: Clock): Promise<void> {
      const late = Promise.withResolvers<void>();
      const timer = clock.setTimer(limits.probeDrainMs, () => late.resolve(), { unref: true });
      await Promise.race([Promise.all(ended), late.promise]);
      timer.cancel();
      for (const stream of [stdout, stderr]) (stream as Readable | undefined)?.destroy();
    },
  };
}
