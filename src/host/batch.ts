import { type Clock, messageOf } from "#base";
import type { Batch, BatchCommand, Program, SpawnCommand } from "./host.ts";
import { batchAnswerLines, batchTimeoutMs } from "./limits.ts";

/**
 * A program kept open that reads commands from its input, one a line. Starting a program costs milliseconds, a line
 * microseconds. After every batch goes a line that no program understands but that it must mention in its complaint:
 * when the mention arrives, all before it has been done. Stdout and stderr share one pipe, so their order is kept.
 */
export function openBatch(
  command: BatchCommand,
  dependencies: { spawn: (command: SpawnCommand) => Program; clock: Clock },
): Batch {
  const { clock } = dependencies;
  const markerLines = command.markerLines ?? 1;
  const marker = command.marker ?? ((token: string) => token);
  const program = dependencies.spawn({
    program: "sh",
    arguments: ["-c", 'exec "$@" 2>&1', "sh", command.program, ...command.arguments],
    stdio: ["pipe", "pipe", "ignore"],
    ...(command.environment ? { environment: command.environment } : {}),
  });

  interface Waiting {
    readonly token: string;
    readonly lines: string[];
    readonly settle: (outcome: { lines: string[] } | { error: Error }) => void;
  }
  const waiting: Waiting[] = [];
  let count = 0;
  let skip = 0;
  let rest = "";
  let ended: Error | undefined;

  const onLine = (line: string) => {
    if (skip > 0) {
      skip -= 1;
      return;
    }
    const first = waiting[0];
    if (!first) return;
    if (line.includes(first.token)) {
      skip = markerLines - 1;
      waiting.shift();
      first.settle({ lines: first.lines });
    } else if (first.lines.length < batchAnswerLines) first.lines.push(line);
  };
  program.stdout?.on("data", (chunk: Buffer) => {
    const lines = (rest + chunk.toString("utf8")).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) onLine(line);
  });
  const end = (error: Error) => {
    ended ??= error;
    for (const one of waiting.splice(0)) one.settle({ error: ended });
  };
  void program.exited.then((exit) => {
    const how = exit.signal ?? `exit code ${exit.exitCode}`;
    end(
      new Error(`${command.program}, kept open for batches, ended (${how}): ${rest.trim() || "no output"}`),
    );
  });

  return {
    get open() {
      return ended === undefined;
    },
    send(lines) {
      if (ended) return Promise.reject(ended);
      count += 1;
      const token = `nacre-batch-${program.pid}-${count}`;
      return new Promise((resolve, reject) => {
        const timer = clock.setTimer(command.timeoutMs ?? batchTimeoutMs, () => {
          // The answers would be out of step from here on.
          program.signal("SIGKILL");
          end(
            new Error(
              `${command.program} did not answer a batch in time (${lines.length} lines, first: ${lines[0]})`,
            ),
          );
        });
        const settle: Waiting["settle"] = (outcome) => {
          timer.cancel();
          if ("error" in outcome) reject(outcome.error);
          else resolve(outcome.lines);
        };
        waiting.push({ token, lines: [], settle });
        try {
          program.stdin?.write(`${lines.length > 0 ? `${lines.join("\n")}\n` : ""}${marker(token)}\n`);
        } catch (error) {
          end(new Error(`cannot write to ${command.program}: ${messageOf(error)}`, { cause: error }));
        }
      });
    },
    async close() {
      (program.stdin as { end(): void } | undefined)?.end();
      await program.exited;
    },
  };
}
