import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { silentLogger, systemClock } from "#base";
import { createHost, type Host } from "#host";
import { removeMachine, type TestMachine } from "./real-agent.ts";

/** The machine that this process runs on, when it was started by `onOwnMachine`. */
export function ownMachine(): TestMachine | undefined {
  const text = process.env.NACRE_TEST_MACHINE;
  return text === undefined ? undefined : (JSON.parse(text) as TestMachine);
}

/**
 * Runs a test file once more, in a network namespace of its own, from which no packet can leave; then removes whatever it left,
 * however it ended, and says what that was. Throws when it failed.
 */
export async function onOwnMachine(file: string): Promise<string> {
  const host = createHost({ clock: systemClock, logger: silentLogger });
  const directory = await mkdtemp(join(tmpdir(), "nacre-test-node-"));
  const name = directory.slice(directory.lastIndexOf("/") + 1);
  const machine: TestMachine = { directory, id: name };
  await host.run({ program: "ip", arguments: ["netns", "add", name] });
  let said = "";
  try {
    const ended = await host.run({
      program: "env",
      arguments: [
        ...["--unset=NODE_TEST_CONTEXT", `NACRE_TEST_MACHINE=${JSON.stringify(machine)}`],
        ...[
          "nsenter",
          `--net=/run/netns/${name}`,
          process.execPath,
          "--test-reporter=spec",
          "--test-timeout=30000",
          "--test-force-exit",
        ],
        fileURLToPath(file),
      ],
      timeoutMs: 100_000,
      allowFailure: true,
    });
    said = ended.stdout + ended.stderr;
    const left = await traces(host, machine);
    if (ended.exitCode !== 0) throw new Error(`failed on a machine of its own:\n${said}\nleft: ${left}`);
    if (left.length > 0) throw new Error(`left on its machine: ${left.join(", ")}\n${said}`);
  } finally {
    await removeMachine(host, machine);
    await host.run({ program: "ip", arguments: ["netns", "delete", name], allowFailure: true });
  }
  return said;
}

/** Mounts, processes and control groups that a test should have taken away. */
async function traces(host: Host, { directory, id }: TestMachine): Promise<string[]> {
  const commands: string[] = [];
  for (const pid of await host.files.list("/proc")) {
    if (!/^\d+$/.test(pid)) continue;
    const words = await host.files.read(`/proc/${pid}/cmdline`).catch(() => undefined);
    if (words?.includes(directory)) commands.push(words.replaceAll("\0", " "));
  }
  const groups: string[] = [];
  for (const hierarchy of (await host.cgroups.layout()).hierarchies) {
    if (await host.files.exists(`${hierarchy}/${id}`)) groups.push(`${hierarchy}/${id}`);
  }
  return [...(await host.mounts.under(directory)), ...commands, ...groups];
}
