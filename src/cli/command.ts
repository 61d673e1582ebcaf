import type { Clock, Random } from "#base";
import type { Output, OutputFormat } from "./output.ts";

/** One command of `nacre`. What it does is its own; parsing, help and errors are the same for all. */
export interface Command {
  readonly name: string;
  /** One line, for the list of commands. */
  readonly summary: string;
  /** What stands after the name: `DIR -t NAME`. Empty when the command takes nothing: then more is refused. */
  readonly usage: string;
  readonly options: Readonly<Record<string, Option>>;
  readonly examples: readonly Example[];
  /** Resolves with the exit code. Throws `ApiError` or `UsageError`; never prints an error itself. */
  run(invocation: Invocation): Promise<number>;
}

export interface Option {
  readonly type: "string" | "boolean";
  readonly short?: string;
  readonly multiple?: boolean;
  /** How the value is called in help: `DIR`. */
  readonly value?: string;
  /** The values that it may have, when those are all. */
  readonly choices?: readonly string[];
  readonly description: string;
}

export interface Example {
  readonly line: string;
  readonly what: string;
}

/** A command as it was typed, and what it may touch. */
export interface Invocation {
  readonly arguments: readonly string[];
  readonly options: Readonly<Record<string, string | boolean | readonly string[] | undefined>>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly output: Output;
  readonly clock: Clock;
  readonly random: Random;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
}

/** Typed wrongly: the message says how it should be. Exit code 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** How a command prints for programs; a table for people without it. */
export const outputOption = {
  output: {
    type: "string",
    short: "o",
    choices: ["json", "yaml"],
    description: "print the result for programs",
  },
} as const satisfies Command["options"];

/** A string option's value, or the default. */
export function stringOption(invocation: Invocation, name: string, fallback: string): string;
export function stringOption(invocation: Invocation, name: string): string | undefined;
export function stringOption(invocation: Invocation, name: string, fallback?: string): string | undefined {
  const value = invocation.options[name];
  return typeof value === "string" ? value : fallback;
}

/** What `outputOption` asks for. */
export function formatOf(invocation: Invocation): OutputFormat {
  return stringOption(invocation, "output", "table") as OutputFormat;
}

export function listOption(invocation: Invocation, name: string): readonly string[] {
  const value = invocation.options[name];
  return Array.isArray(value) ? (value as readonly string[]) : [];
}

export function flag(invocation: Invocation, name: string): boolean {
  return invocation.options[name] === true;
}
