import assert from "node:assert/strict";
import type { TestMachine } from "./machine.ts";
import type { RunOptions } from "./processes.ts";

/** kubectl, typed as a person types it. */
export interface Typing {
  /** Runs a line that must succeed; what it printed, errors only when there is nothing else. */
  run(line: string, input?: string): Promise<string>;
  /** Runs a line that must fail; the error it printed. */
  fails(line: string, input?: string): Promise<string>;
  /** The object that `kubectl get` knows by these words. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into objects of every kind
  get(words: string): Promise<any>;
}

/** kubectl on a machine. Words are split at spaces; single quotes keep them together. */
export function typing(machine: TestMachine, options: RunOptions = {}): Typing {
  const type = (line: string, input: string) =>
    machine.kubectlWith({ ...options, input, mayFail: true }, ...words(line));
  const run = async (line: string, input = "") => {
    const { code, stdout, stderr } = await type(line, input);
    assert.equal(code, 0, `kubectl ${line}: ${stderr}${stdout}`);
    return (stdout || stderr).trim();
  };
  return {
    run,
    async fails(line, input = "") {
      const { code, stdout, stderr } = await type(line, input);
      assert.notEqual(code, 0, `kubectl ${line}: ${stdout}`);
      return (stderr || stdout).trim();
    },
    get: async (what) => JSON.parse(await run(`get ${what} -o json`)),
  };
}

function words(line: string): string[] {
  return [...line.matchAll(/(?:[^\s']+|'[^']*')+/g)].map(([word]) => word.replaceAll("'", ""));
}
