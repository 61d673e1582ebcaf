import { parseArgs } from "node:util";
import { ApiError, isAborted, messageOf, nearest } from "#base";
import { type Command, type Invocation, UsageError } from "./command.ts";
import { commandHelp, overview } from "./help.ts";
import { paint } from "./output.ts";

/** Exit codes: 0 done, 1 failed, 2 typed wrongly, 130 interrupted. */
export async function runCommand(
  commands: readonly Command[],
  argv: readonly string[],
  context: Omit<Invocation, "arguments" | "options">,
): Promise<number> {
  const { output } = context;
  const [first, ...rest] = argv;
  if (first === undefined || first === "help" || first === "--help" || first === "-h") {
    const asked = commands.find((command) => command.name === rest[0]);
    output.out(asked ? commandHelp(asked, output) : overview(commands, output));
    return 0;
  }
  const name = first === "--version" ? "version" : first;
  const command = commands.find((candidate) => candidate.name === name);
  try {
    if (!command) throw new UsageError(unknownCommand(commands, first));
    if (rest.includes("--help") || rest.includes("-h")) {
      output.out(commandHelp(command, output));
      return 0;
    }
    const { values, positionals } = parse(command, rest);
    return await command.run({ ...context, arguments: positionals, options: values });
  } catch (error) {
    if (context.signal.aborted && isAborted(error)) return 130;
    output.note(`${paint(output, "red", "error:")} ${describe(error)}\n`);
    if (error instanceof UsageError) {
      output.note(`\nSee: nacre ${command ? `${command.name} ` : ""}--help\n`);
      return 2;
    }
    return 1;
  }
}

function parse(
  command: Command,
  args: readonly string[],
): { values: Invocation["options"]; positionals: string[] } {
  const options = Object.fromEntries(
    Object.entries(command.options).map(([name, { type, short, multiple }]) => [
      name,
      { type, ...(short ? { short } : {}), ...(multiple ? { multiple } : {}) },
    ]),
  );
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options,
      allowPositionals: true,
      strict: true,
    });
    const taken = { values: values as Invocation["options"], positionals };
    checkWords(command, taken);
    return taken;
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`nacre ${command.name}: ${messageOf(error).split(". To specify")[0]}`);
  }
}

/** A word that is not understood is a mistake, not to be passed over. */
function checkWords(command: Command, { values, positionals }: ReturnType<typeof parse>): void {
  if (command.usage === "" && positionals.length > 0) {
    throw new UsageError(`nacre ${command.name} takes no arguments, but there is "${positionals[0]}"`);
  }
  for (const [name, { choices }] of Object.entries(command.options)) {
    const value = values[name];
    if (choices && typeof value === "string" && !choices.includes(value)) {
      throw new UsageError(`nacre ${command.name}: --${name} takes ${choices.join(" or ")}, not "${value}"`);
    }
  }
}

/** A person reads messages; a stack trace is for our bugs alone, and only when asked for. */
function describe(error: unknown): string {
  if (error instanceof ApiError || error instanceof UsageError) return error.message;
  if ((error as { code?: unknown }).code === "ENOSPC") {
    return "a disk is full, and the command could not write all that it had to; free space (see: df -h) and run it again";
  }
  if (error instanceof Error) return process.env.NACRE_DEBUG ? (error.stack ?? error.message) : error.message;
  return String(error);
}

function unknownCommand(commands: readonly Command[], typed: string): string {
  const guess = nearest(
    typed,
    commands.map((command) => command.name),
  );
  return `there is no command "${typed}"${guess ? `; did you mean "nacre ${guess}"?` : ""}`;
}
