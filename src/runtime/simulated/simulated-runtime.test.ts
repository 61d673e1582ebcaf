import assert from "node:assert/strict";
import { test } from "node:test";
import {
  containerId,
  containerSpec,
  exitOf,
  podId,
  runtimeContract,
  runtimeScripts,
  sandboxSpec,
  VirtualClock,
} from "#testing";
import { isImagePullError } from "../errors.ts";
import type { Behaviour } from "./behaviour.ts";
import { simulatedImages } from "./simulated-images.ts";
import { simulatedRuntime } from "./simulated-runtime.ts";

/** The contract's scripts, as a simulated container plays them. */
const scripted: Readonly<Record<string, Behaviour>> = {
  [runtimeScripts.obeys]: { stopExitCode: 7 },
  [runtimeScripts.ignores]: { stopMs: Number.POSITIVE_INFINITY },
  [runtimeScripts.ends]: { runsMs: 1, exitCode: 3 },
};

function exec(command: readonly string[]) {
  if (command[0] === "sleep") return { afterMs: Number(command[1]) * 1000 };
  return { stdout: "out\n", stderr: "err\n", exitCode: 5 };
}

async function open(behaviour: Behaviour | undefined = undefined) {
  const clock = new VirtualClock();
  const images = simulatedImages({ clock, present: ["busybox"] });
  const runtime = simulatedRuntime({
    clock,
    images,
    behaviour: (spec) => {
      if (spec.command?.[0] === "/no/such/program")
        return { startError: "exec: /no/such/program: no such file" };
      return behaviour ?? { ...scripted[spec.command?.[2] ?? ""], exec };
    },
  });
  const settle = async <T>(event: Promise<T>): Promise<T> => {
    let done = false;
    const seen = event.finally(() => {
      done = true;
    });
    seen.catch(() => {});
    for (let turns = 0; !done && turns < 1000; turns += 1) await clock.advance(100);
    return seen;
  };
  const image = (await images.resolve("busybox"))?.id ?? "";
  return { clock, runtime, image, images, logDirectory: "/logs", settle };
}

runtimeContract("simulated", () => open());

test("a container that is scripted to run out of memory is reported as such", async () => {
  const { clock, runtime, image, logDirectory } = await open({ runsMs: 1000, outOfMemory: true });
  const pod = podId();
  await runtime.createSandbox(sandboxSpec(pod));
  const spec = containerSpec({ id: containerId(), sandboxId: pod, image, logDirectory });
  await runtime.createContainer(spec);
  await runtime.startContainer(spec.id);
  const exit = exitOf(runtime, spec.id);
  await clock.advance(1000);
  assert.deepEqual([(await exit).exitCode, (await exit).oomKilled], [137, true]);
});

test("a reboot ends containers and takes the pods' namespaces", async () => {
  const { runtime, image, logDirectory } = await open();
  const pod = podId();
  await runtime.createSandbox(sandboxSpec(pod));
  const spec = containerSpec({ id: containerId(), sandboxId: pod, image, logDirectory });
  await runtime.createContainer(spec);
  await runtime.startContainer(spec.id);
  runtime.reboot();
  assert.equal((await runtime.sandboxes())[0]?.ready, false);
  assert.equal((await runtime.containers())[0]?.state, "exited");
});

test("a pull fails as it is told to", async () => {
  const clock = new VirtualClock();
  const images = simulatedImages({
    clock,
    pullFailure: (reference) =>
      reference === "bad" ? { reason: "ImageNotFound", message: "no" } : undefined,
  });
  await assert.rejects(
    images.pull("bad"),
    (error) => isImagePullError(error) && error.reason === "ImageNotFound",
  );
  const good = await images.pull("good");
  assert.deepEqual(await images.resolve("docker.io/library/good:latest"), good);
});
