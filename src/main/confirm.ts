import { createInterface } from "node:readline/promises";
import type { Output } from "#cli";

/** Asks a yes-or-no question on the terminal. No, when nobody is there to answer. */
export async function confirm(output: Output, question: string): Promise<boolean> {
  if (!process.stdin.isTTY || !output.live) return false;
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await terminal.question(`${question} [y/N] `)).trim());
  } finally {
    terminal.close();
  }
}
