import type { Readable } from "node:stream";
import type { Clock } from "#base";
import type { ContainerRuntime } from "#runtime";
import { limits } from "../limits.ts";

export interface ExecResult {
  readonly exitCode: number;
  /** Both outputs, cut to what a probe keeps. */
  readonly output: string;
}

/** Runs a command in a container and keeps the beginning of what it says. */
export async function execProbe(
  runtime: ContainerRuntime,
  id: string,
  command: readonly string[],
  { clock, timeoutMs }: { readonly clock: Clock; readonly timeoutMs?: number },
): Promise<ExecResult> {
  const begunAt = clock.monotonicMs();
  const session = await runtime.exec(id, {
    command,
    terminal: false,
    stdin: false,
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  });
  const chunks: Buffer[] = [];
  let length = 0;
  const keep = (chunk: Buffer | string) => {
    const bytes = Buffer.from(chunk);
    const room = limits.probeBodyBytes - length;
    if (room > 0) chunks.push(bytes.subarray(0, room));
    length += bytes.length;
  };
  const ended = [session.stdout, session.stderr].map((stream) =>
    stream
      ? new Promise<void>((resolve) => {
          stream.on("data", keep);
          stream.once("end", resolve);
          stream.once("close", resolve);
          stream.once("error", () => resolve());
        })
      : Promise.resolve(),
  );
  const exitCode = await session.exited;
  // What the command left running may hold its output open for ever.
  const late = Promise.withResolvers<void>();
  const timer = clock.setTimer(limits.probeDrainMs, () => late.resolve(), { unref: true });
  await Promise.race([Promise.all(ended), late.promise]);
  timer.cancel();
  for (const stream of [session.stdout, session.stderr]) (stream as Readable | undefined)?.destroy();
  const timedOut = timeoutMs !== undefined && exitCode !== 0 && clock.monotonicMs() - begunAt >= timeoutMs;
  if (timedOut)
    return {
      exitCode,
      output: `command timed out: ${JSON.stringify(command.join(" "))} timed out after ${timeoutMs / 1000}s`,
    };
  return { exitCode, output: Buffer.concat(chunks).toString("utf8") };
}
