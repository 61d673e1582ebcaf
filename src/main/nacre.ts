import { systemClock, systemRandom } from "#base";
import { type Command, runCommand } from "#cli";
import { buildCommand } from "./commands/build.ts";
import { capacityCommand } from "./commands/capacity.ts";
import { doctorCommand } from "./commands/doctor.ts";
import { downCommand } from "./commands/down.ts";
import { explainCommand } from "./commands/explain.ts";
import { imageCommand } from "./commands/image.ts";
import { kubeconfigCommand } from "./commands/kubeconfig.ts";
import { newCommand } from "./commands/new.ts";
import { simulateCommand } from "./commands/simulate.ts";
import { statusCommand } from "./commands/status.ts";
import { upCommand } from "./commands/up.ts";
import { versionCommand } from "./commands/version.ts";

/**
 * Every command, in the order in which help lists them. What only one of them needs (building, the runtime) it imports
 * when it runs: every command starts with all of this.
 */
const commands: readonly Command[] = [
  upCommand,
  statusCommand,
  capacityCommand,
  explainCommand,
  newCommand,
  buildCommand,
  imageCommand,
  kubeconfigCommand,
  simulateCommand,
  doctorCommand,
  downCommand,
  versionCommand,
];

const interrupted = new AbortController();
let byTerm = false;
process.once("SIGINT", () => interrupted.abort());
process.once("SIGTERM", () => {
  byTerm = !interrupted.signal.aborted;
  interrupted.abort();
});

const { env, stdout, stderr } = process;
/** Why not all of the results could be written. */
let unwritten: NodeJS.ErrnoException | undefined;
stdout.on("error", (error) => {
  unwritten ??= error;
});
const exitCode = await runCommand(commands, process.argv.slice(2), {
  environment: env,
  output: {
    colour: Boolean(stdout.isTTY && stderr.isTTY) && !env.NO_COLOR && env.TERM !== "dumb",
    live: Boolean(stderr.isTTY),
    columns: stdout.isTTY ? stdout.columns : undefined,
    out: (text) => stdout.write(text),
    note: (text) => stderr.write(text),
  },
  clock: systemClock,
  random: systemRandom,
  signal: interrupted.signal,
});
await new Promise<unknown>((resolve) => stdout.write("", resolve));
// Whoever closed a pipe has seen enough, and needs no words.
if (unwritten && unwritten.code !== "EPIPE") {
  stderr.write(`error: cannot write the result: ${unwritten.message}; free space, or send it elsewhere\n`);
}
// The programs that were started, and connections kept for reuse, must not keep the command alive.
process.exit(exitCode === 130 && byTerm ? 143 : exitCode === 0 && unwritten ? 1 : exitCode);
