import assert from "node:assert/strict";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { isNotFound } from "#base";
import {
  type Container,
  type ContainerEvent,
  type ContainerRuntime,
  type ContainerSpec,
  isContainerError,
  type SandboxSpec,
} from "#runtime";

/** What a suite runs on: a runtime, freshly opened, and an image with a shell. */
export interface RuntimeHarness {
  readonly runtime: ContainerRuntime;
  /** Id of an image whose `/bin/sh` runs `runtimeScripts`. */
  readonly image: string;
  readonly logDirectory: string;
  /** Lets time pass for a simulated clock, while waiting for `event`; real ones just wait. */
  settle<T>(event: Promise<T>): Promise<T>;
}

/** What the suite's containers run, as `sh -c SCRIPT`: a simulated runtime is taught to do the same. */
export const runtimeScripts = {
  /** Runs for ever and ends at SIGTERM with 7. */
  obeys: "trap 'exit 7' TERM; while true; do sleep 0.05; done",
  /** Runs for ever and ignores SIGTERM. */
  ignores: "trap '' TERM; while true; do sleep 0.05; done",
  /** Ends at once with 3. */
  ends: "exit 3",
} as const;

export function sandboxSpec(id: string, changes: Partial<SandboxSpec> = {}): SandboxSpec {
  return {
    id,
    namespace: "default",
    name: `pod-${id.slice(0, 8)}`,
    hostname: `pod-${id.slice(0, 8)}`,
    hostNetwork: false,
    hostPid: false,
    hostIpc: false,
    sharesProcesses: false,
    qosClass: "Burstable",
    resources: {},
    sysctls: {},
    annotations: { purpose: "test" },
    ...changes,
  };
}

export function containerSpec(
  given: { id: string; sandboxId: string; image: string; logDirectory: string; script?: string },
  changes: Partial<ContainerSpec> = {},
): ContainerSpec {
  return {
    id: given.id,
    sandboxId: given.sandboxId,
    name: "main",
    attempt: 0,
    image: given.image,
    command: ["/bin/sh", "-c", given.script ?? runtimeScripts.obeys],
    environment: [],
    mounts: [],
    resources: {},
    security: {
      privileged: false,
      supplementalGroups: [],
      readOnlyRootFilesystem: false,
      allowPrivilegeEscalation: true,
      addCapabilities: [],
      dropCapabilities: [],
      seccomp: "Unconfined",
      runAsNonRoot: false,
    },
    terminal: false,
    stdin: false,
    oomScoreAdjustment: 0,
    logPath: `${given.logDirectory}/${given.id.slice(-12)}.log`,
    annotations: { kept: "yes" },
    ...changes,
  };
}

let count = 0;

/** A container id: 64 hexadecimal digits, unique in this process. */
export function containerId(): string {
  count += 1;
  return `${process.pid.toString(16).padStart(8, "0")}${count.toString(16).padStart(56, "0")}`;
}

/** A pod uid. */
export function podId(): string {
  count += 1;
  return `${process.pid.toString(16).padStart(8, "0")}-0000-4000-8000-${count.toString(16).padStart(12, "0")}`;
}

/** Resolves with the container when it has exited; ask before what ends it. */
export function exitOf(runtime: ContainerRuntime, id: string): Promise<Container> {
  return new Promise((resolve) => {
    const listening = runtime.events((event: ContainerEvent) => {
      if (event.type !== "exited" || event.container.id !== id) return;
      listening.close();
      resolve(event.container);
    });
  });
}

/** What every `ContainerRuntime` does alike. `open` gives each test a harness; the test removes its own pods. */
export function runtimeContract(
  name: string,
  open: () => Promise<RuntimeHarness>,
  options: { skip?: string | false } = {},
): void {
  const contract = (
    title: string,
    body: (harness: RuntimeHarness, make: (script?: string) => Promise<ContainerSpec>) => Promise<void>,
  ) =>
    test(`${name}: ${title}`, { skip: options.skip ?? false }, async () => {
      const harness = await open();
      const pod = podId();
      const make = async (script?: string) => {
        await harness.runtime.createSandbox(sandboxSpec(pod));
        const given = { ...harness, id: containerId(), sandboxId: pod };
        return containerSpec(script === undefined ? given : { ...given, script });
      };
      try {
        await body(harness, make);
      } finally {
        await harness.runtime.removeSandbox(pod);
      }
      assert.ok(!(await harness.runtime.sandboxes()).some((one) => one.id === pod), "the pod is gone");
      assert.ok(
        !(await harness.runtime.containers()).some((one) => one.sandboxId === pod),
        "its containers too",
      );
    });

  contract("a container is created, runs, and ends with its exit code", async ({ runtime, settle }, make) => {
    const spec = await make(runtimeScripts.ends);
    const created = await runtime.createContainer(spec);
    assert.equal(created.state, "created");
    assert.deepEqual(created.annotations, { kept: "yes" });
    const exit = exitOf(runtime, spec.id);
    await settle(runtime.startContainer(spec.id));
    const exited = await settle(exit);
    assert.equal(exited.state, "exited");
    assert.equal(exited.exitCode, 3);
    assert.equal(exited.oomKilled, false);
    assert.ok((exited.startedAt ?? 0) >= exited.createdAt);
    assert.deepEqual(
      (await runtime.containers()).find((one) => one.id === spec.id),
      exited,
    );
  });

  contract("a running container stops at its signal", async ({ runtime, settle }, make) => {
    const spec = await make(runtimeScripts.obeys);
    await runtime.createContainer(spec);
    const started = await settle(runtime.startContainer(spec.id));
    assert.equal(started.state, "running");
    assert.ok(started.pid);
    // A shell that has just begun has not set its trap yet.
    const ready = await runtime.exec(spec.id, { command: ["sleep", "0.2"], terminal: false, stdin: false });
    await settle(ready.exited);
    await settle(runtime.stopContainer(spec.id, { graceMs: 10_000 }));
    const stopped = (await runtime.containers()).find((one) => one.id === spec.id);
    assert.equal(stopped?.exitCode, 7);
  });

  contract(
    "a container that ignores its signal is killed after the grace",
    async ({ runtime, settle }, make) => {
      const spec = await make(runtimeScripts.ignores);
      await runtime.createContainer(spec);
      await settle(runtime.startContainer(spec.id));
      await settle(runtime.stopContainer(spec.id, { graceMs: 300 }));
      const stopped = (await runtime.containers()).find((one) => one.id === spec.id);
      assert.equal(stopped?.exitCode, 137);
      assert.equal(stopped.oomKilled, false);
    },
  );

  contract("every call may be repeated", async ({ runtime, settle }, make) => {
    const spec = await make();
    await runtime.createSandbox(sandboxSpec(spec.sandboxId));
    const once = await runtime.createContainer(spec);
    assert.deepEqual(await runtime.createContainer(spec), once);
    const started = await settle(runtime.startContainer(spec.id));
    assert.deepEqual(await runtime.startContainer(spec.id), started);
    await settle(runtime.stopContainer(spec.id, { graceMs: 0 }));
    await runtime.stopContainer(spec.id, { graceMs: 0 });
    await runtime.removeContainer(spec.id);
    await runtime.removeContainer(spec.id);
    await runtime.removeSandbox(spec.sandboxId);
    await runtime.removeSandbox(spec.sandboxId);
  });

  contract("a pod is listed with what it was created with", async ({ runtime }, make) => {
    const { sandboxId } = await make();
    const sandbox = (await runtime.sandboxes()).find((one) => one.id === sandboxId);
    assert.equal(sandbox?.ready, true);
    assert.deepEqual(sandbox.annotations, { purpose: "test" });
    assert.ok(sandbox.networkNamespace);
  });

  contract("removing a pod ends what runs in it", async ({ runtime, settle }, make) => {
    const spec = await make();
    await runtime.createContainer(spec);
    await settle(runtime.startContainer(spec.id));
    const exit = exitOf(runtime, spec.id);
    await runtime.removeSandbox(spec.sandboxId);
    assert.equal((await exit).exitCode, 137);
  });

  contract("a command runs in a container and gives its exit code", async ({ runtime, settle }, make) => {
    const spec = await make();
    await runtime.createContainer(spec);
    await settle(runtime.startContainer(spec.id));
    const command = ["sh", "-c", "echo out; echo err >&2; exit 5"];
    const session = await runtime.exec(spec.id, { command, terminal: false, stdin: false });
    assert.ok(session.stderr);
    const [stdout, stderr, code] = await settle(
      Promise.all([text(session.stdout), text(session.stderr), session.exited]),
    );
    assert.deepEqual({ stdout, stderr, code }, { stdout: "out\n", stderr: "err\n", code: 5 });
    session.kill();
    assert.equal(await session.exited, 5, "what has ended cannot be killed");
  });

  contract(
    "a command that takes too long is killed, also before it has quite begun",
    async ({ runtime, settle }, make) => {
      const spec = await make();
      await runtime.createContainer(spec);
      await settle(runtime.startContainer(spec.id));
      for (const timeoutMs of [1, 500]) {
        const options = { command: ["sleep", "60"], terminal: false, stdin: false, timeoutMs };
        const session = await runtime.exec(spec.id, options);
        session.stdout.resume();
        assert.equal(await settle(session.exited), 137);
      }
    },
  );

  contract(
    "what is not there is not found, what does not run takes no command",
    async ({ runtime }, make) => {
      const nowhere = containerId();
      await assert.rejects(runtime.startContainer(nowhere), isNotFound);
      await assert.rejects(runtime.stopContainer(nowhere, { graceMs: 0 }), isNotFound);
      const spec = await make();
      await assert.rejects(runtime.createContainer({ ...spec, sandboxId: podId() }), isNotFound);
      await assert.rejects(
        runtime.createContainer({ ...spec, image: `sha256:${"0".repeat(64)}` }),
        (error) => isContainerError(error) && error.reason === "CreateContainerError",
      );
      await runtime.createContainer(spec);
      const exec = runtime.exec(spec.id, { command: ["true"], terminal: false, stdin: false });
      await assert.rejects(exec, /it is created, not running/);
      assert.equal(await runtime.stats(spec.id), undefined);
    },
  );

  contract(
    "a command that does not exist is refused at the start, with 128",
    async ({ runtime, settle }, make) => {
      const spec = { ...(await make()), command: ["/no/such/program"] };
      await runtime.createContainer(spec);
      await assert.rejects(
        settle(runtime.startContainer(spec.id)),
        (error) =>
          isContainerError(error) &&
          error.reason === "StartError" &&
          /no such program/.test(error.message.replaceAll("/", " ")),
      );
      const refused = (await runtime.containers()).find((one) => one.id === spec.id);
      assert.deepEqual([refused?.state, refused?.exitCode], ["exited", 128]);
    },
  );

  contract("it says what it is", async ({ runtime }) => {
    const { name: engine, version } = await runtime.version();
    assert.match(`${engine}://${version}`, /^[a-z]+:\/\/\d+\.\d+/);
  });

  contract("usage is told while it runs", async ({ runtime, settle }, make) => {
    const spec = await make();
    await runtime.createContainer(spec);
    await settle(runtime.startContainer(spec.id));
    const stats = await runtime.stats(spec.id);
    assert.ok(stats && stats.memoryUsageBytes >= stats.memoryWorkingSetBytes);
  });
}
