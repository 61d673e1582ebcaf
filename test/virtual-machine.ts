import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Running, start } from "./processes.ts";

/** A machine with a kernel of its own; `virtual-machine.sh` says how it is made. It is emulated, some thirty times slower than this one. */
export interface VirtualMachine {
  /** A folder that the machine sees under the same path; nothing in it may be changed once it was looked at there. */
  readonly directory: string;
  /** Runs a script of shell as root in the repository's folder; what it printed. Throws when it fails. */
  sh(script: string): Promise<string>;
  remove(): Promise<void>;
}

const repository = join(import.meta.dirname, "..");
const kernel = join(repository, "node_modules/.cache/nacre/linux");

/** Why no such machine can be made here; undefined when one can. */
export function lacksVirtualMachine(): string | undefined {
  if (!process.env.NACRE_LONG) return "takes minutes: npm run test:long";
  if (process.getuid?.() !== 0) return "needs root";
  if (!existsSync("/usr/bin/qemu-system-x86_64")) return "needs qemu: apt-get install qemu-system-x86";
  if (!existsSync("/usr/lib/systemd/systemd")) return "systemd is not installed";
  return existsSync(kernel) ? undefined : "needs Debian's kernel for x86-64: sh tools/prepare.sh long";
}

export async function createVirtualMachine(): Promise<VirtualMachine> {
  const directory = await mkdtemp(join(tmpdir(), "nacre-test-"));
  const script = join(import.meta.dirname, "virtual-machine.sh");
  const box = start("setpriv", ["--pdeathsig", "KILL", "sh", script, "outside", directory, kernel]);
  const shell = new Shell(box);
  const machine: VirtualMachine = {
    directory,
    sh: (script) => shell.run(script),
    async remove() {
      await box.stop("SIGKILL");
      await rm(directory, { recursive: true, force: true });
    },
  };
  try {
    await machine.sh("true");
  } catch (error) {
    const console = await readFile(join(directory, "console"), "utf8").catch(() => "");
    await machine.remove();
    throw new Error(`the virtual machine did not start:\n${console}`, { cause: error });
  }
  return machine;
}

/** A shell at the other end of two pipes: one script after the other, each answered by what it printed and an end mark. */
class Shell {
  readonly #box: Running;
  #scripts = 0;
  #read = 0;

  constructor(box: Running) {
    this.#box = box;
  }

  async run(script: string): Promise<string> {
    this.#scripts += 1;
    const mark = `-- end of script ${this.#scripts}:`;
    this.#box.type(`( set -e\n${script}\n) </dev/null 2>&1; echo "${mark} $?"\n`);
    const code = await this.#box.printed(new RegExp(`${mark} (\\d+)\n`), { timeoutMs: scriptTimeoutMs });
    const printed = this.#box.output().slice(this.#read, this.#box.output().lastIndexOf(mark));
    this.#read = this.#box.output().length;
    if (code !== "0") throw new Error(`${script} ended with ${code}:\n${printed}`);
    return printed.trimEnd();
  }
}

/** A failure, not a pace: the machine shares its host's processors with other tests. */
const scriptTimeoutMs = 10 * 60_000;
