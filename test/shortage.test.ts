import assert from "node:assert/strict";
import { mkdir, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, test } from "node:test";
import { createMachine } from "./machine.ts";
import { execute } from "./processes.ts";
import { tracesOn } from "./traces.ts";
import { typing } from "./typing.ts";

/** What a machine may lack: programs, and room on its disk. */
const nacre = join(import.meta.dirname, "../bin/nacre");
const machine = await createMachine();
const { run } = typing(machine);
after(async () => {
  // The disk of the last test can go only when the cluster has, and the folder it lies on only then.
  await machine.run("sh", [nacre, "down", "--purge", "--yes"], { mayFail: true });
  await execute("umount", ["--lazy", machine.data], { mayFail: true });
  await machine.remove();
});

/** A PATH with everything that this machine has but the named programs. */
async function pathWithout(...missing: string[]): Promise<string> {
  const directory = join(machine.directory, "programs");
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory);
  for (const from of ["/usr/sbin", "/usr/bin", "/sbin", "/bin"]) {
    for (const name of await readdir(from)) {
      if (!missing.includes(name)) await symlink(join(from, name), join(directory, name)).catch(() => {});
    }
  }
  return directory;
}

test("missing packages are named with the command that brings them; without a yes nothing is made", async () => {
  const before = await tracesOn(machine);
  const PATH = await pathWithout("runc", "crun", "nft");
  const args = [nacre, "up", "--name", machine.clusterName];
  const result = await machine.run("sh", args, { environment: { PATH }, mayFail: true });
  assert.equal(result.code, 1);
  assert.match(
    result.stderr,
    /lacks (runc|crun) \(running containers\), nft \(services and the packet guard\)\./,
  );
  assert.match(
    result.stderr,
    /nothing was installed; run this yourself, .*apt-get install .*(runc|crun) nftables/,
  );
  assert.deepEqual(await tracesOn(machine), before);
});

test("doctor finds each program that this machine has", async () => {
  const { stdout } = await machine.run("sh", [nacre, "doctor", "-o", "json"], { mayFail: true });
  const findings = JSON.parse(stdout) as { what: string; ok: boolean }[];
  for (const program of ["conmon", "nft", "ip", "nsenter", "mount", "socat"])
    assert.ok(findings.find(({ what }) => what === program)?.ok, program);
});

test("where no package manager is known, what is missing is named all the same", async () => {
  const PATH = await pathWithout("conmon", "apt-get", "dnf", "zypper", "apk", "pacman");
  const args = [nacre, "up", "--yes", "--name", machine.clusterName];
  const result = await machine.run("sh", args, { environment: { PATH }, mayFail: true });
  assert.equal(result.code, 1);
  assert.match(result.stderr, /lacks conmon[\s\S]*error: no package manager that Nacre knows/);
});

test("on a full disk writes are refused with the reason, what was stored stays, and room makes it go on", async () => {
  await mkdir(machine.data, { recursive: true });
  await execute("mount", ["-t", "tmpfs", "-o", "size=96m", "tmpfs", machine.data]);
  await machine.up();
  await run("create configmap before --from-literal=a=1");
  const filler = join(machine.data, "filler");
  await execute("dd", ["if=/dev/zero", `of=${filler}`, "bs=64k"], { mayFail: true });
  const big = join(machine.directory, "big");
  await writeFile(big, "x".repeat(900_000));
  const refused = await machine.kubectlWith(
    { mayFail: true },
    "create",
    "configmap",
    "after",
    `--from-file=${big}`,
  );
  assert.notEqual(refused.code, 0);
  assert.match(refused.stderr, /full|space/i);
  assert.doesNotMatch(refused.stderr, /\n {4}at /);
  assert.match(await run("get configmap before -o jsonpath={.data.a}"), /^1$/);
  await rm(filler);
  await run(`create configmap after --from-file=${big}`);
});
