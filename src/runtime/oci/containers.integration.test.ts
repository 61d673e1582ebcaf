import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { after, test } from "node:test";
import { must, silentLogger, systemClock } from "#base";
import { createHost } from "#host";
import {
  busyboxImage,
  containerId,
  containerSpec,
  exitOf,
  lacksBusybox,
  ociArchive,
  podId,
  runtimeScripts,
  sandboxSpec,
} from "#testing";
import { isContainerError } from "../errors.ts";
import type { ContainerSecurity, ContainerSpec, SandboxSpec } from "../runtime.ts";
import { type OpenedRuntime, openRuntime, type RuntimeOptions, removeRuntime } from "./open-runtime.ts";

const host = createHost({ clock: systemClock, logger: silentLogger });
const skip = process.getuid?.() === 0 ? await lacksBusybox() : "needs root";
const directory = await mkdtemp(join(tmpdir(), "nacre-test-containers-"));
const options: RuntimeOptions = {
  host,
  stateDirectory: join(directory, "state"),
  runDirectory: join(directory, "run"),
  cgroupParent: `nacre-test-containers-${process.pid}`,
};
const logDirectory = join(directory, "logs");
const before = traces();
let opened: OpenedRuntime | undefined;
let image = "";

after(async () => {
  await opened?.close();
  if (!skip) await removeRuntime(options);
  await rm(directory, { recursive: true });
  assert.deepEqual(traces(), before, "no process, mount or control group is left");
});

/** What this file's runtime could leave on the machine. */
function traces() {
  const mounts = readFileSync("/proc/self/mountinfo", "utf8").split("\n");
  const groups = readFileSync("/proc/mounts", "utf8")
    .split("\n")
    .filter((line) => line.split(" ")[2]?.startsWith("cgroup"))
    .flatMap((line) => readdirSync(line.split(" ")[1] ?? ""));
  const commands = readdirSync("/proc").filter((name) => {
    try {
      return /^\d+$/.test(name) && readFileSync(`/proc/${name}/cmdline`, "utf8").includes(directory);
    } catch {
      return false;
    }
  });
  return {
    mounts: mounts.filter((line) => line.includes(directory)),
    groups: groups.filter((name) => name === options.cgroupParent),
    commands,
  };
}

async function theRuntime(): Promise<OpenedRuntime> {
  if (opened) return opened;
  opened = await openRuntime(options);
  const archive = join(directory, "busybox.tar");
  await writeFile(
    archive,
    await ociArchive([{ image: await busyboxImage({ Env: ["PATH=/bin", "FROM=image"] }), name: "bb:1" }]),
  );
  image = must((await opened.images.importArchive(archive))[0], "the archive holds an image").id;
  return opened;
}

async function prepared(
  script: string,
  changes: Partial<ContainerSpec> = {},
  pod: Partial<SandboxSpec> = {},
) {
  const { runtime } = await theRuntime();
  const sandboxId = podId();
  await runtime.createSandbox(sandboxSpec(sandboxId, pod));
  const spec = containerSpec({ id: containerId(), sandboxId, image, logDirectory, script }, changes);
  await runtime.createContainer(spec);
  return { runtime, spec, sandboxId };
}

/** Runs a script to its end; what it wrote, and how it ended. */
async function run(script: string, changes: Partial<ContainerSpec> = {}, pod: Partial<SandboxSpec> = {}) {
  const { runtime, spec, sandboxId } = await prepared(script, changes, pod);
  const exit = exitOf(runtime, spec.id);
  await runtime.startContainer(spec.id);
  const container = await exit;
  const output = lines(await readFile(spec.logPath, "utf8"));
  await runtime.removeSandbox(sandboxId);
  return { container, output };
}

/** The text of a CRI log. */
function lines(log: string): string[] {
  return log
    .split("\n")
    .filter(Boolean)
    .map((line) => line.split(" ").slice(3).join(" "));
}

const security = (changes: Partial<ContainerSecurity>): Partial<ContainerSpec> => ({
  security: {
    privileged: false,
    supplementalGroups: [],
    readOnlyRootFilesystem: false,
    allowPrivilegeEscalation: true,
    addCapabilities: [],
    dropCapabilities: [],
    seccomp: "Unconfined",
    runAsNonRoot: false,
    ...changes,
  },
});

test("a container sees its pod: host name, environment, folder, its own processes", { skip }, async () => {
  const { output } = await run(
    "hostname; echo $FROM $OWN $HOSTNAME; pwd; echo $$",
    {
      environment: [{ name: "OWN", value: "spec's" }],
      workingDirectory: "/made/for/it",
    },
    { hostname: "the-pod" },
  );
  assert.deepEqual(output, ["the-pod", "image spec's the-pod", "/made/for/it", "1"]);
});

test("the log is in the CRI format, streams told apart", { skip }, async () => {
  const { runtime, spec, sandboxId } = await prepared("echo out; echo err >&2; printf partial");
  const exit = exitOf(runtime, spec.id);
  await runtime.startContainer(spec.id);
  await exit;
  const log = (await readFile(spec.logPath, "utf8"))
    .trim()
    .split("\n")
    .map((line) => line.split(" ").slice(1).join(" "))
    .sort();
  assert.deepEqual(log, ["stderr F err", "stdout F out", "stdout P partial"]);
  await runtime.removeSandbox(sandboxId);
});

test("a user is found by name in the image, with its groups", { skip }, async () => {
  const { output } = await run("id -u; id -g; id -G", security({ user: "app", supplementalGroups: [3000] }));
  assert.deepEqual(output, ["1000", "1001", "1001 2000 3000"]);
});

test("an image that runs as root is refused to who asked for no root", { skip }, async () => {
  await assert.rejects(
    prepared("id", security({ runAsNonRoot: true })),
    (error) =>
      isContainerError(error) &&
      error.reason === "CreateContainerConfigError" &&
      /runAsNonRoot/.test(error.message),
  );
});

test("capabilities, new privileges and the system call filter are what was asked for", { skip }, async () => {
  const script = "grep -E 'CapEff|CapBnd|NoNewPrivs|Seccomp:' /proc/self/status";
  const strict = security({
    dropCapabilities: ["ALL"],
    addCapabilities: ["NET_BIND_SERVICE"],
    allowPrivilegeEscalation: false,
    seccomp: "RuntimeDefault",
  });
  const { output } = await run(script, strict);
  const bind = "0000000000000400";
  assert.deepEqual(output, [`CapEff:\t${bind}`, `CapBnd:\t${bind}`, "NoNewPrivs:\t1", "Seccomp:\t2"]);
  const usual = await run(script);
  assert.deepEqual(usual.output, [
    "CapEff:\t00000000a80425fb",
    "CapBnd:\t00000000a80425fb",
    "NoNewPrivs:\t0",
    "Seccomp:\t0",
  ]);
});

test("the filter refuses new namespaces and lets programs work", { skip }, async () => {
  const { output } = await run(
    "(mount -t tmpfs t /tmp || echo refused) 2>/dev/null; ls / | head -1; sleep 0; date >/dev/null; wget -T 1 -O- http://127.0.0.1:1 2>&1 | head -1 | cut -c1-4",
    {
      ...security({ seccomp: "RuntimeDefault" }),
    },
  );
  assert.deepEqual(output.slice(0, 2), ["refused", "bin"]);
});

test("a privileged container has devices and may mount", { skip }, async () => {
  const { output } = await run(
    "mount -t tmpfs t /tmp && echo mounted; ls /dev/null /dev/kmsg",
    security({ privileged: true }),
  );
  assert.deepEqual(output, ["mounted", "/dev/kmsg", "/dev/null"]);
});

test("the root can be read-only, and parts of the machine are hidden", { skip }, async () => {
  const { output } = await run(
    "touch /file 2>/dev/null || echo read-only; head -c1 /proc/timer_list; echo 1 2>/dev/null >/proc/sys/kernel/hostname || echo refused",
    security({ readOnlyRootFilesystem: true }),
  );
  assert.deepEqual(output, ["read-only", "refused"]);
});

test("mounts appear with the access that was asked for", { skip }, async () => {
  const volume = join(directory, "volume");
  await host.files.makeDirectory(volume);
  await writeFile(join(volume, "file"), "content\n");
  const mount = { hostPath: volume, propagation: "private" } as const;
  const { output } = await run(
    "cat /a/file /etc/single; touch /a/x 2>/dev/null || echo refused; touch /b/new && echo written",
    {
      mounts: [
        { ...mount, containerPath: "/a", readOnly: true },
        { ...mount, containerPath: "/b", readOnly: false },
        {
          hostPath: join(volume, "file"),
          containerPath: "/etc/single",
          readOnly: true,
          propagation: "private",
        },
      ],
    },
  );
  assert.deepEqual(output, ["content", "content", "refused", "written"]);
});

test("the containers of a pod share network, host name and memory, but not files", { skip }, async () => {
  const { runtime, spec, sandboxId } = await prepared(
    "echo shared >/dev/shm/note; echo own >/tmp/note; sleep 60",
  );
  await runtime.startContainer(spec.id);
  await runtime
    .exec(spec.id, {
      command: ["sh", "-c", "while ! test -s /tmp/note; do sleep 0.01; done"],
      terminal: false,
      stdin: false,
    })
    .then((one) => one.exited);
  const second = containerSpec({
    id: containerId(),
    sandboxId,
    image,
    logDirectory,
    script: "cat /dev/shm/note; cat /tmp/note 2>/dev/null || echo none; ls -l /proc/self/ns/net | tail -c 17",
  });
  await runtime.createContainer({ ...second, name: "second" });
  const exit = exitOf(runtime, second.id);
  await runtime.startContainer(second.id);
  await exit;
  const session = await runtime.exec(spec.id, {
    command: ["sh", "-c", "ls -l /proc/self/ns/net | tail -c 17"],
    terminal: false,
    stdin: false,
  });
  const network = (await text(session.stdout)).trim();
  assert.deepEqual(lines(await readFile(second.logPath, "utf8")), ["shared", "none", network]);
  await runtime.removeSandbox(sandboxId);
});

test("a pod on the machine's network has its name and no namespace of its own", { skip }, async () => {
  const { output } = await run("hostname; ls -l /proc/1/ns/net | tail -c 17", {}, { hostNetwork: true });
  const own = readFileSync("/proc/sys/kernel/hostname", "utf8").trim();
  assert.equal(output[0], own);
  const { stdout } = await host.run({ program: "readlink", arguments: ["/proc/self/ns/net"] });
  assert.equal(output[1], stdout.trim());
});

test("sysctls are set in the pod, and only those that stay in it", { skip }, async () => {
  const sysctls = { "net.ipv4.ip_unprivileged_port_start": "80" };
  const { output } = await run("cat /proc/sys/net/ipv4/ip_unprivileged_port_start", {}, { sysctls });
  assert.deepEqual(output, ["80"]);
  await assert.rejects(run("true", {}, { sysctls: { "kernel.panic": "1" } }), /not confined to a namespace/);
});

test("limits are in the control group, and can be changed", { skip }, async () => {
  const resources = {
    cpuShares: 512,
    cpuQuotaUs: 50_000,
    cpuPeriodUs: 100_000,
    memoryLimitBytes: 64 << 20,
    pidsLimit: 50,
  };
  const { runtime, spec, sandboxId } = await prepared(
    "sleep 60",
    { resources },
    { resources: { memoryLimitBytes: 128 << 20 } },
  );
  await runtime.startContainer(spec.id);
  const { kind } = await host.cgroups.layout();
  const read = async () => {
    const group = `/${options.cgroupParent}/burstable/pod${sandboxId}`;
    const file = kind === "v2" ? "memory.max" : "memory.limit_in_bytes";
    const [pod, own] = [
      await host.cgroups.read("memory", group, file),
      await host.cgroups.read("memory", `${group}/${spec.id}`, file),
    ];
    return [Number(pod), Number(own)];
  };
  assert.deepEqual(await read(), [128 << 20, 64 << 20]);
  await runtime.updateResources(spec.id, { memoryLimitBytes: 96 << 20 });
  assert.deepEqual(await read(), [128 << 20, 96 << 20]);
  const stats = must(await runtime.stats(spec.id), "it runs");
  assert.ok(stats.memoryUsageBytes > 0 && stats.cpuUsageNanoseconds > 0);
  await runtime.removeSandbox(sandboxId);
});

test("a container that runs out of memory is killed, and this is told", { skip }, async () => {
  const { runtime, spec, sandboxId } = await prepared("exec tail /dev/zero", {
    resources: { memoryLimitBytes: 16 << 20 },
  });
  const oom = new Promise((resolve) =>
    runtime.events((event) => event.type === "oom" && resolve(event.containerId)),
  );
  const exit = exitOf(runtime, spec.id);
  await runtime.startContainer(spec.id);
  const container = await exit;
  assert.deepEqual([container.exitCode, container.oomKilled], [137, true]);
  assert.equal(await oom, spec.id);
  await runtime.removeSandbox(sandboxId);
});

test("input reaches a command, and its end does too", { skip }, async () => {
  const { runtime, spec, sandboxId } = await prepared("sleep 60");
  await runtime.startContainer(spec.id);
  const session = await runtime.exec(spec.id, { command: ["cat"], terminal: false, stdin: true });
  session.stdin?.end("through and through");
  assert.equal(await text(session.stdout), "through and through");
  assert.equal(await session.exited, 0);
  await runtime.removeSandbox(sandboxId);
});

test("a command with a terminal has size, echo and exit code", { skip }, async () => {
  const { runtime, spec, sandboxId } = await prepared("sleep 60");
  await runtime.startContainer(spec.id);
  const command = ["sh", "-c", "read word; stty size; echo got $word; exit 4"];
  const session = await runtime.exec(spec.id, { command, terminal: true, stdin: true });
  session.resize({ columns: 100, rows: 30 });
  session.stdin?.write("hello\n");
  assert.equal(await text(session.stdout), "hello\r\n30 100\r\ngot hello\r\n");
  assert.equal(session.stderr, undefined);
  assert.equal(await session.exited, 4);
  await runtime.removeSandbox(sandboxId);
});

test("who attaches talks to the main process, and leaves without ending it", { skip }, async () => {
  const script = "while read word; do echo heard $word; done; echo the end";
  const { runtime, spec, sandboxId } = await prepared(script, { stdin: true });
  await runtime.startContainer(spec.id);
  const first = await runtime.attach(spec.id, { stdin: true, terminal: false });
  const heard = new Promise((resolve) => first.stdout.once("data", resolve));
  first.stdin?.write("one\n");
  assert.equal(String(await heard), "heard one\n");
  first.kill();
  await first.exited;
  assert.equal((await runtime.containers()).find((one) => one.id === spec.id)?.state, "running");
  const second = await runtime.attach(spec.id, { stdin: true, terminal: false });
  const again = new Promise((resolve) => second.stdout.once("data", resolve));
  second.stdin?.write("two\n");
  assert.equal(String(await again), "heard two\n");
  await runtime.removeSandbox(sandboxId);
});

test("after rotation the log goes on in a new file", { skip }, async () => {
  const { runtime, spec, sandboxId } = await prepared("while read word; do echo $word; done", {
    stdin: true,
  });
  await runtime.startContainer(spec.id);
  const session = await runtime.attach(spec.id, { stdin: true, terminal: false });
  const say = (word: string) => {
    const answer = new Promise((resolve) => session.stdout.once("data", resolve));
    session.stdin?.write(`${word}\n`);
    return answer;
  };
  await say("before");
  await rename(spec.logPath, `${spec.logPath}.1`);
  const created = new Promise<void>((resolve) => {
    const watch = host.files.watch(logDirectory, (name) => {
      if (spec.logPath.endsWith(`/${name}`)) resolve(watch.close());
    });
  });
  await runtime.reopenLog(spec.id);
  await created;
  await say("after");
  assert.deepEqual(lines(await readFile(spec.logPath, "utf8")), ["after"]);
  await runtime.removeSandbox(sandboxId);
});

test("a fresh process knows what runs, and what ended meanwhile", { skip }, async () => {
  const running = await prepared(runtimeScripts.obeys);
  const created = await prepared("true");
  const ending = await prepared("while ! test -e /tmp/go; do sleep 0.01; done; exit 9");
  const { runtime } = running;
  await runtime.startContainer(running.spec.id);
  await runtime.startContainer(ending.spec.id);
  await must(opened, "it is open").close();
  // Nobody listens while this one ends.
  const root = join(options.runDirectory, "containers", ending.spec.id);
  await writeFile(join(root, "rootfs/tmp/go"), "");
  const exitFile = join(options.runDirectory, "exits", ending.spec.id);
  while (!(await host.files.read(exitFile))) await systemClock.sleep(5);
  opened = await openRuntime(options);
  const again = opened.runtime;
  const known = new Map((await again.containers()).map((one) => [one.id, one]));
  assert.equal(known.get(running.spec.id)?.state, "running");
  assert.equal(known.get(created.spec.id)?.state, "created");
  assert.deepEqual([known.get(ending.spec.id)?.state, known.get(ending.spec.id)?.exitCode], ["exited", 9]);
  assert.ok((await again.sandboxes()).every((one) => one.ready));
  // It hears of ends, runs commands and starts what was only prepared, as if it had made them.
  const session = await again.exec(running.spec.id, {
    command: ["echo", "hi"],
    terminal: false,
    stdin: false,
  });
  assert.equal(await text(session.stdout), "hi\n");
  const exit = exitOf(again, created.spec.id);
  await again.startContainer(created.spec.id);
  assert.equal((await exit).exitCode, 0);
  await again.stopContainer(running.spec.id, { graceMs: 5000 });
  assert.equal((await again.containers()).find((one) => one.id === running.spec.id)?.exitCode, 7);
  for (const one of [running, created, ending]) await again.removeSandbox(one.sandboxId);
});

test("a start that an earlier process did not live to note is undone", { skip }, async () => {
  const { runtime, spec, sandboxId } = await prepared(runtimeScripts.ignores);
  const path = join(options.stateDirectory, "containers", spec.id, "container.json");
  const asCreated = await readFile(path);
  const { pid } = await runtime.startContainer(spec.id);
  await must(opened, "it is open").close();
  await writeFile(path, asCreated);
  opened = await openRuntime(options);
  const known = (await opened.runtime.containers()).find((one) => one.id === spec.id);
  assert.deepEqual([known?.state, known?.exitCode], ["exited", 255]);
  assert.equal(await host.startTime(must(pid, "it ran")), undefined);
  await opened.runtime.removeSandbox(sandboxId);
});

test("an image of as many layers as are allowed can be mounted", { skip }, async () => {
  const { runtime, images } = await theRuntime();
  const { layers } = await busyboxImage();
  assert.equal(layers.length, 1);
  const files = Array.from({ length: 126 }, (_one, at) => [{ name: `layer-${at}`, content: String(at) }]);
  const tall = await busyboxImage({}, files);
  const archive = join(directory, "tall.tar");
  await writeFile(archive, await ociArchive([{ image: tall, name: "tall:1" }]));
  const [imported] = await images.importArchive(archive);
  assert.equal(tall.layers.length, 127);
  const sandboxId = podId();
  await runtime.createSandbox(sandboxSpec(sandboxId));
  const spec = containerSpec({
    id: containerId(),
    sandboxId,
    image: imported?.id ?? "",
    logDirectory,
    script: "cat /layer-0 /layer-125",
  });
  await runtime.createContainer(spec);
  const exit = exitOf(runtime, spec.id);
  await runtime.startContainer(spec.id);
  await exit;
  assert.deepEqual(lines(await readFile(spec.logPath, "utf8")), ["0125"]);
  await runtime.removeSandbox(sandboxId);
  await images.remove("tall:1");
});

test("after a reboot pods are not ready, containers are ended, and all can be made again", {
  skip,
}, async () => {
  const { spec, sandboxId } = await prepared(runtimeScripts.ignores);
  await must(opened, "it is open").runtime.startContainer(spec.id);
  await must(opened, "it is open").close();
  // What a reboot does: every process and every mount goes; the disk stays.
  for (const pid of await host.cgroups.processes(`/${options.cgroupParent}`)) host.signal(pid, "SIGKILL");
  const record = JSON.parse(
    await readFile(join(options.stateDirectory, "containers", spec.id, "container.json"), "utf8"),
  );
  host.signal(record.conmon.pid, "SIGKILL");
  while ((await host.startTime(record.conmon.pid)) !== undefined) await systemClock.sleep(5);
  await host.mounts.unmountAll(options.runDirectory);
  await rm(options.runDirectory, { recursive: true });
  await host.cgroups.remove(`/${options.cgroupParent}`);
  opened = await openRuntime(options);
  const { runtime } = opened;
  assert.equal((await runtime.sandboxes()).find((one) => one.id === sandboxId)?.ready, false);
  assert.deepEqual(
    (await runtime.containers()).filter((one) => one.id === spec.id).map((one) => [one.state, one.exitCode]),
    [["exited", 255]],
  );
  await runtime.removeSandbox(sandboxId);
  await runtime.createSandbox(sandboxSpec(sandboxId));
  const next = containerSpec({ id: containerId(), sandboxId, image, logDirectory, script: "exit 2" });
  await runtime.createContainer(next);
  const exit = exitOf(runtime, next.id);
  await runtime.startContainer(next.id);
  assert.equal((await exit).exitCode, 2);
  await runtime.removeSandbox(sandboxId);
});

test("an image that a container uses stays until the container goes", { skip }, async () => {
  const { runtime, images } = await theRuntime();
  await images.tag("bb:1", "bb:2");
  const { spec, sandboxId } = await prepared("sleep 60");
  await images.remove(image);
  assert.equal(await images.resolve("bb:1"), undefined);
  await runtime.startContainer(spec.id);
  const session = await runtime.exec(spec.id, { command: ["echo", "alive"], terminal: false, stdin: false });
  assert.equal(await text(session.stdout), "alive\n");
  await images.tag(image, "bb:1");
  await runtime.removeSandbox(sandboxId);
});
