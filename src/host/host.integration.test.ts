import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { finished } from "node:stream/promises";
import { after, test } from "node:test";
import { silentLogger, systemClock } from "#base";
import { CommandError } from "./command-error.ts";
import { createHost } from "./create-host.ts";

const host = createHost({ clock: systemClock, logger: silentLogger });
const directory = await mkdtemp(join(tmpdir(), "nacre-test-host-"));
const asRoot = process.getuid?.() === 0 ? false : "needs root";
after(async () => {
  for (const point of await host.mounts.under(directory)) await host.mounts.unmount(point);
  await rm(directory, { recursive: true });
});

test("a program's output, input, environment and folder are what was asked for", async () => {
  const result = await host.run({
    program: "sh",
    arguments: ["-c", 'cat; printf "$GREETING" >&2; pwd'],
    input: "from input\n",
    environment: { GREETING: "hello" },
    directory,
  });
  assert.deepEqual(result, { exitCode: 0, stdout: `from input\n${directory}\n`, stderr: "hello" });
});

test("a failing program's error says what ran, how it ended and its last words", async () => {
  await assert.rejects(
    host.run({ program: "sh", arguments: ["-c", "echo one >&2; echo two >&2; exit 3"] }),
    (error) =>
      error instanceof CommandError &&
      error.exitCode === 3 &&
      /^`sh -c .*` failed with exit code 3: one\ntwo$/s.test(error.message),
  );
});

test("a failure that is allowed is a result", async () => {
  const result = await host.run({ program: "sh", arguments: ["-c", "exit 3"], allowFailure: true });
  assert.equal(result.exitCode, 3);
});

test("a program that is missing is named with the package that brings it", async () => {
  const missing = { program: "/nowhere/conmon", arguments: [] };
  const says = /there is no program \/nowhere\/conmon\. Install it with: apt-get install conmon/;
  await assert.rejects(host.run(missing), says);
  assert.throws(() => host.spawn(missing), says);
});

test("a program that hangs is killed at its deadline", async () => {
  await assert.rejects(
    host.run({ program: "sleep", arguments: ["60"], timeoutMs: 20 }),
    /did not finish within 20 ms/,
  );
});

test("a deadline holds while a program that was left running has the shell's pipes open", async () => {
  const leave = "setsid sleep 10 </dev/null & echo $!";
  const pid = Number((await host.run({ program: "sh", arguments: ["-c", leave] })).stdout);
  const late = { program: "sleep", arguments: ["60"], timeoutMs: 20 };
  await assert.rejects(host.run(late), /did not finish within 20 ms/);
  assert.ok(await host.startTime(pid), "nobody waited for it");
  process.kill(pid, "SIGKILL");
});

test("an abort kills the program and rejects with the signal's reason", async () => {
  const controller = new AbortController();
  const run = host.run({ program: "sleep", arguments: ["60"], signal: controller.signal });
  controller.abort(new Error("no longer wanted"));
  await assert.rejects(run, /no longer wanted/);
});

test("endless output is cut with a mark", async () => {
  const result = await host.run({ program: "head", arguments: ["-c", "2000000", "/dev/zero"] });
  assert.match(result.stdout, /\[951424 more bytes cut\]$/);
});

test("a spawned program talks over extra pipes", async () => {
  const program = host.spawn({
    program: "sh",
    arguments: ["-c", "read line <&3; echo got $line >&4"],
    stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"],
  });
  const answer = new Promise((resolve) => program.pipe(4)?.once("data", (chunk) => resolve(String(chunk))));
  program.pipe(3)?.write("it\n");
  assert.equal(await answer, "got it\n");
  assert.deepEqual(await program.exited, { exitCode: 0, signal: undefined });
});

test("a batch program answers each batch apart, errors among the output", async () => {
  const batch = host.openBatch({ program: "sh", arguments: [], marker: (token) => `echo ${token}` });
  const [one, two] = await Promise.all([batch.send(["echo a", "echo b >&2"]), batch.send(["echo c"])]);
  assert.deepEqual([one, two], [["a", "b"], ["c"]]);
  await batch.close();
  assert.equal(batch.open, false);
  await assert.rejects(batch.send(["echo d"]), /sh, kept open for batches, ended/);
});

test("ip in batch mode acknowledges and says which command failed", async () => {
  const batch = host.openBatch({ program: "ip", arguments: ["-force", "-batch", "-"], markerLines: 2 });
  assert.match((await batch.send(["link show dev lo"])).join("\n"), /LOOPBACK/);
  assert.deepEqual(await batch.send(["link show dev nacre-none"]), [
    'Device "nacre-none" does not exist.',
    "Command failed -:3",
  ]);
  assert.deepEqual(await batch.send([]), []);
  await batch.close();
});

test("a write replaces a file whole and leaves no temporary file", async () => {
  const path = join(directory, "file");
  await host.files.write(path, "one", { mode: 0o600 });
  await host.files.write(path, "two", { mode: 0o600 });
  assert.equal(await host.files.read(path), "two");
  assert.equal((await host.files.stat(path))?.mode, 0o600);
  assert.deepEqual(await readdir(directory), ["file"]);
});

test("what is not there reads as undefined, lists as empty and is removed without complaint", async () => {
  const path = join(directory, "none");
  assert.equal(await host.files.read(path), undefined);
  assert.equal(await host.files.stat(path), undefined);
  assert.deepEqual(await host.files.list(path), []);
  await host.files.remove(path);
});

test("a range of a file, its owner and its file system's space can be asked for", async () => {
  const path = join(directory, "ranged");
  await host.files.write(path, "0123456789");
  assert.equal(String(await host.files.readRange(path, 3, 4)), "3456");
  assert.equal(String(await host.files.readRange(path, 8, 100)), "89");
  assert.equal((await host.files.readRange(join(directory, "none"), 0, 1)).length, 0);
  const before = await host.files.stat(path);
  await host.files.changeOwner(path, { group: before?.group ?? 0 });
  assert.deepEqual((await host.files.stat(path))?.user, before?.user);
  const space = await host.files.space(directory);
  assert.ok(space.availableBytes > 0 && space.availableBytes <= space.totalBytes);
});

test("a watch tells of new files by name", async () => {
  const seen = Promise.withResolvers<string>();
  const watch = host.files.watch(directory, (name) => name === "appears" && seen.resolve(name));
  await host.files.write(join(directory, "appears"), "");
  assert.equal(await seen.promise, "appears");
  watch.close();
});

test("a FIFO tells of the end of a process that is no child", async () => {
  const path = join(directory, "fifo");
  await host.files.makeFifos([path]);
  const fifo = host.files.openFifo(path, "before");
  const heard = once(fifo, "data");
  // The shell leaves at once; what it started holds the FIFO's other end until it is killed.
  const { stdout } = await host.run({
    program: "sh",
    arguments: ["-c", 'echo hello >"$1"; sleep 60 3>"$1" >/dev/null 2>&1 & echo $!', "sh", path],
  });
  // Only then the second reader, which would take the words as well.
  assert.equal(String((await heard)[0]), "hello\n");
  const again = host.files.openFifo(path, "after");
  again.resume();
  process.kill(Number(stdout), "SIGKILL");
  await Promise.all([finished(fifo), finished(again)]);
  assert.equal(await text(host.files.openFifo(path, "after")), "");
});

test("what is written into a FIFO arrives, and then its end", async () => {
  const [path, ready] = [join(directory, "written"), join(directory, "ready")];
  await host.files.makeFifos([path, ready]);
  const opened = once(host.files.openFifo(ready, "before"), "data");
  const writer = host.files.openFifoToWrite(path);
  const script = 'exec <"$1"; echo >"$2"; cat';
  const reader = host.run({ program: "sh", arguments: ["-c", script, "sh", path, ready] });
  await opened;
  writer.end("through");
  assert.equal((await reader).stdout, "through");
});

test("a tree with a mount in it is not removed until it is unmounted", { skip: asRoot }, async () => {
  const tree = join(directory, "tree with space");
  const point = join(tree, "mounted");
  await host.files.makeDirectory(point);
  await host.mounts.mount({ type: "tmpfs", target: point, options: ["size=64k"] });
  await host.files.write(join(point, "living"), "data");
  assert.deepEqual(await host.mounts.under(tree), [point]);
  await assert.rejects(host.files.remove(tree), /is still a mount point; unmount it first/);
  await host.mounts.unmount(point);
  await host.mounts.unmount(point);
  await host.files.remove(tree);
  assert.equal(await host.files.exists(tree), false);
});

test("a process is known by its start time while it lives", async () => {
  const program = host.spawn({ program: "sleep", arguments: ["60"] });
  assert.match((await host.startTime(program.pid)) ?? "", /^\d+$/);
  assert.equal(host.signal(program.pid, 0), true);
  program.signal("SIGKILL");
  assert.deepEqual(await program.exited, { exitCode: undefined, signal: "SIGKILL" });
  assert.equal(await host.startTime(program.pid), undefined);
  assert.equal(host.signal(program.pid, 0), false);
});

test("a control group is made, holds a process, and is removed everywhere", { skip: asRoot }, async () => {
  const group = `/nacre-test-host-${process.pid}`;
  const inner = `${group}/inner`;
  await host.cgroups.make(inner, { holds: "processes" });
  assert.deepEqual(await host.cgroups.children(group), ["inner"]);
  const program = host.spawn({ program: "sleep", arguments: ["60"] });
  await host.cgroups.move(program.pid, inner);
  assert.deepEqual(await host.cgroups.processes(group), [program.pid]);
  program.signal("SIGKILL");
  await program.exited;
  await host.cgroups.move(program.pid, inner);
  await host.cgroups.remove(group);
  await host.cgroups.remove(group);
  assert.deepEqual(await host.cgroups.children(group), []);
});
