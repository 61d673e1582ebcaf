import { readFile, rm, rmdir } from "node:fs/promises";
import { join } from "node:path";
import { eventually } from "./eventually.ts";
import type { TestMachine } from "./machine.ts";
import { execute } from "./processes.ts";
import { cgroupsOf, memoryDirectory, mountsOf, processesOf } from "./traces.ts";

export const programs = ["control-plane", "agent", "controllers", "dns"] as const;

export type Program = (typeof programs)[number];

/** The pids of the programs that run now. */
export async function pidsOf(machine: TestMachine): Promise<Map<Program, number>> {
  const pids = new Map<Program, number>();
  for (const name of programs) {
    const pid = Number(await readFile(join(machine.data, "run", `${name}.pid`), "utf8").catch(() => ""));
    if (pid > 0 && (await isAlive(pid))) pids.set(name, pid);
  }
  return pids;
}

/** Ends programs as a crash would. Their supervisors are left, and start them again. */
export async function kill(machine: TestMachine, ...names: Program[]): Promise<void> {
  const pids = await pidsOf(machine);
  for (const name of names) {
    const pid = pids.get(name);
    if (pid === undefined) throw new Error(`${name} does not run`);
    process.kill(pid, "SIGKILL");
  }
}

/** Ends programs for good: supervisors first. */
export async function killForGood(machine: TestMachine, ...names: Program[]): Promise<void> {
  for (const name of names) {
    const file = await readFile(join(machine.data, "run", `${name}.supervisor`), "utf8");
    process.kill((JSON.parse(file) as { pid: number }).pid, "SIGKILL");
  }
  await kill(machine, ...names);
}

/** Resolves when programs run again under other pids and the whole cluster, with hello in it, is well. */
export async function whenWell(machine: TestMachine, before: ReadonlyMap<Program, number>): Promise<void> {
  await eventually("the programs run again", async () => {
    const now = await pidsOf(machine);
    return programs.every((name) => now.has(name) && now.get(name) !== before.get(name));
  });
  await eventually("the API server answers", async () => {
    const { code } = await machine.kubectlWith({ mayFail: true }, "get", "--raw", "/readyz");
    return code === 0;
  });
  await eventually("the agent answers", async () => {
    const { code } = await machine.kubectlWith({ mayFail: true }, "logs", "deployment/hello", "--tail=1");
    return code === 0;
  });
  await machine.kubectl("wait", "node", "--all", "--for=condition=Ready", "--timeout=60s");
}

/**
 * What a power cut does: every process of the cluster is gone, and all that lives in the kernel or in memory with it.
 * What is on disk stays.
 */
export async function cutPower(machine: TestMachine): Promise<void> {
  // Again and again, because what starts while the list is read would go on.
  await eventually("no process is left", async () => {
    const left = await processesOf(machine);
    for (const { pid } of left) if (await isAlive(pid)) process.kill(pid, "SIGKILL");
    return left.length === 0;
  });
  for (const point of await mountsOf(machine)) await execute("umount", [point]);
  for (const cgroup of await cgroupsOf(machine)) await rmdir(cgroup);
  await rm(memoryDirectory(machine), { recursive: true, force: true });
  await execute("ip", ["netns", "delete", machine.namespace]);
  await execute("ip", ["netns", "add", machine.namespace]);
  await execute("ip", ["-n", machine.namespace, "link", "set", "lo", "up"]);
}

async function isAlive(pid: number): Promise<boolean> {
  const state = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined);
  return state !== undefined && !/\) [ZX] /.test(state);
}
