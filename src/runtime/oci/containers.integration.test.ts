import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { after, test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { must } from "#base";
import type { Host } from "#host";
import {
  busyboxImage,
  containerId,
  containerSpec,
  exitOf,
  ociArchive,
  podId,
  RealRuntime,
  sandboxSpec,
} from "#testing";
import { isContainerError } from "../errors.ts";
import type { ContainerSecurity, ContainerSpec, SandboxSpec } from "../runtime.ts";
import { openRuntime } from "./open-runtime.ts";

const real = await RealRuntime.prepare("containers");
const { skip, host, directory, logDirectory, options } = real;
after(() => real.close());

const prepared = (script: string, changes: Partial<ContainerSpec> = {}, pod: Partial<SandboxSpec> = {}) =>
  real.container(script, changes, pod);

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

test("the ends of containers that have nothing to do are noted, and what they said", { skip }, async () => {
  const codes = Array.from({ length: 12 }, (_, index) => index);
  const made: Awaited<ReturnType<typeof prepared>>[] = [];
  for (const code of codes) made.push(await prepared(`echo ${code}; exit ${code}`));
  const ends = await Promise.all(
    made.map(async ({ runtime, spec, sandboxId }) => {
      const exit = exitOf(runtime, spec.id);
      await runtime.startContainer(spec.id);
      const { exitCode } = await exit;
      const output = lines(await readFile(spec.logPath, "utf8"));
      await runtime.removeSandbox(sandboxId);
      return [exitCode, ...output];
    }),
  );
  assert.deepEqual(
    ends,
    codes.map((code) => [code, String(code)]),
  );
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
    image: await real.image(),
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

test("a command that takes too long is killed with the children it waits for", { skip }, async () => {
  const { runtime, spec, sandboxId } = await prepared("sleep 60");
  await runtime.startContainer(spec.id);
  const command = ["sh", "-c", "sleep 60; true"];
  const session = await runtime.exec(spec.id, { command, terminal: false, stdin: false, timeoutMs: 200 });
  session.stdout.resume();
  assert.equal(await session.exited, 137);
  await runtime.removeSandbox(sandboxId);
});

test("nobody is killed in the place of a command that has ended", { skip }, async () => {
  const { spec, sandboxId, runtime: first } = await prepared("sleep 60");
  await first.startContainer(spec.id);
  await real.stop();
  const signalled: number[] = [];
  const noting = { ...host, signal: (pid: number) => signalled.push(pid) > 0 };
  const { runtime, close } = await openRuntime({ ...options, host: noting });
  for (const terminal of [false, true]) {
    const session = await runtime.exec(spec.id, { command: ["true"], terminal, stdin: false });
    session.stdout.resume();
    await session.exited;
    session.kill();
  }
  await close();
  assert.deepEqual(signalled, []);
  await (await real.open()).runtime.removeSandbox(sandboxId);
});

test("a command that could not be started is no failure of this process", { skip }, async () => {
  const { spec, sandboxId, runtime: first } = await prepared("sleep 60");
  await first.startContainer(spec.id);
  await real.stop();
  const failing: Host = {
    ...host,
    run: (command) =>
      command.program === "setsid" ? Promise.reject(new Error("not now")) : host.run(command),
  };
  const { runtime, close } = await openRuntime({ ...options, host: failing });
  const command = { command: ["true"], terminal: false, stdin: false };
  // A rejection that nobody handles would fail the test.
  await assert.rejects(runtime.exec(spec.id, command), /not now/);
  await close();
  await (await real.open()).runtime.removeSandbox(sandboxId);
});

test("a command that cannot be started says why in a sentence, with a shell's exit code", {
  skip,
}, async () => {
  const { runtime, spec, sandboxId } = await prepared("sleep 60");
  await runtime.startContainer(spec.id);
  for (const [name, why, exitCode] of [
    ["nope", /^exec failed: .*"nope": executable file not found in \$PATH\s*$/, 127],
    ["/etc/passwd", /^exec failed: .*permission denied\s*$/, 126],
  ] as const) {
    for (const terminal of [false, true]) {
      const session = await runtime.exec(spec.id, { command: [name], terminal, stdin: false });
      const said = await Promise.all([session.stdout, session.stderr].map((one) => one && text(one)));
      assert.match(said.join(""), why);
      assert.equal(await session.exited, exitCode);
    }
  }
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
  // The size and the input come by two ways; which is there first is nobody's promise.
  const sized = 'until [ "$(stty size 2>/dev/null)" = "30 100" ]; do :; done';
  const command = ["sh", "-c", `read word; ${sized}; stty size; echo got $word; exit 4`];
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

test("nobody attaches to a container that has just ended: it would be silent, and its log is not", {
  skip,
}, async () => {
  const { runtime, spec, sandboxId } = await prepared("echo over");
  const { pid } = await runtime.startContainer(spec.id);
  while ((await host.startTime(must(pid, "it ran"))) !== undefined) await setImmediate();
  await assert.rejects(runtime.attach(spec.id, { stdin: false, terminal: false }), /attach to/);
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

test("an image of as many layers as are allowed can be mounted", { skip }, async () => {
  const { runtime, images } = await real.open();
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
  assert.equal(lines(await readFile(spec.logPath, "utf8")).join(""), "0125");
  await runtime.removeSandbox(sandboxId);
  await images.remove("tall:1");
});

test("an image that a container uses stays until the container goes", { skip }, async () => {
  const { runtime, images } = await real.open();
  await images.tag("bb:1", "bb:2");
  const { spec, sandboxId } = await prepared("sleep 60");
  await images.remove(await real.image());
  assert.equal(await images.resolve("bb:1"), undefined);
  await runtime.startContainer(spec.id);
  const session = await runtime.exec(spec.id, { command: ["echo", "alive"], terminal: false, stdin: false });
  assert.equal(await text(session.stdout), "alive\n");
  await images.tag(await real.image(), "bb:1");
  await runtime.removeSandbox(sandboxId);
});
