import assert from "node:assert/strict";
import { kubernetesTool } from "#testing";
import type { TestMachine } from "./machine.ts";
import type { Running, RunOptions } from "./processes.ts";

/** A program, typed as a person types it. Words are split at spaces; single quotes keep them together. */
export interface Typing {
  /** Runs a line that must succeed; what it printed, errors only when there is nothing else. */
  run(line: string, input?: string): Promise<string>;
  /** Runs a line that must fail; the error it printed. */
  fails(line: string, input?: string): Promise<string>;
}

export interface KubectlTyping extends Typing {
  /** The object that `kubectl get` knows by these words. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into objects of every kind
  get(words: string): Promise<any>;
  /** Starts a line in a terminal of its own, as a person has it; `before` is run there first. */
  startInTerminal(line: string, before?: string): Promise<Running>;
}

/** kubectl on a machine. */
export function typing(machine: TestMachine, options: RunOptions = {}): KubectlTyping {
  const kubectl = typingOf(machine, "kubectl", options);
  return {
    ...kubectl,
    get: async (what) => JSON.parse(await kubectl.run(`get ${what} -o json`)),
    async startInTerminal(line, before = "") {
      const command = `${before} ${await kubernetesTool("kubectl")} ${line}`;
      return machine.start("script", ["-qefc", command, "/dev/null"]);
    },
  };
}

/** helm on a machine. */
export function typingHelm(machine: TestMachine): Typing {
  return typingOf(machine, "helm", { timeoutMs: 120_000 });
}

function typingOf(machine: TestMachine, program: "kubectl" | "helm", options: RunOptions): Typing {
  const type = async (line: string, input: string) =>
    machine.run(await kubernetesTool(program), words(line), { ...options, input, mayFail: true });
  return {
    async run(line, input = "") {
      const { code, stdout, stderr } = await type(line, input);
      assert.equal(code, 0, `${program} ${line}: ${stderr}${stdout}`);
      return (stdout || stderr).trim();
    },
    async fails(line, input = "") {
      const { code, stdout, stderr } = await type(line, input);
      assert.notEqual(code, 0, `${program} ${line}: ${stdout}`);
      return (stderr || stdout).trim();
    },
  };
}

function words(line: string): string[] {
  return [...line.matchAll(/(?:[^\s']+|'[^']*')+/g)].map(([word]) => word.replaceAll("'", ""));
}
