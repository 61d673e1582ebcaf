import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { TestMachine } from "../../test/machine.ts";
import type { Context } from "../context.ts";

/** The OCI runtime called from plain Node: containers of the same program, without network, log, image or API. */
export interface BareContainers {
  /** Starts one; resolves when its process runs. */
  start(name: string): Promise<void>;
  remove(name: string): Promise<void>;
}

/** Those of a machine, made once. None outlives the bench. */
export function bareContainers(context: Context, machine: TestMachine): Promise<BareContainers> {
  return context.once("bare containers", () => prepare(context, machine));
}

async function prepare(context: Context, machine: TestMachine): Promise<BareContainers> {
  const bundle = join(machine.directory, "bundle");
  await mkdir(join(bundle, "rootfs/bin"), { recursive: true });
  await copyFile("/bin/busybox", join(bundle, "rootfs/bin/busybox"));
  const state = join(machine.directory, "runc");
  const runc = (...args: string[]) => machine.run("runc", ["--root", state, ...args]);
  await runc("spec", "--bundle", bundle);
  const path = join(bundle, "config.json");
  const spec = JSON.parse(await readFile(path, "utf8"));
  spec.process.terminal = false;
  spec.process.args = ["/bin/busybox", "sleep", "100000"];
  await writeFile(path, JSON.stringify(spec));
  // Its output goes nowhere: a container that held our pipes would keep the command from ending.
  const detached = `exec runc --root ${state} run --detach --bundle ${bundle} "$1" </dev/null >/dev/null 2>&1`;
  const id = (name: string) => `${machine.clusterName}-${name}`;
  const started = new Map<string, Promise<unknown>>();
  let ended = false;
  const containers: BareContainers = {
    async start(name) {
      if (ended) throw new Error("the bench has ended");
      const starting = machine.run("sh", ["-c", detached, "sh", id(name)]);
      started.set(name, starting);
      await starting;
    },
    async remove(name) {
      await runc("delete", "--force", id(name));
      started.delete(name);
    },
  };
  context.onEnd(async () => {
    ended = true;
    await Promise.allSettled(started.values());
    for (const name of started.keys()) await containers.remove(name);
  });
  return containers;
}
