import { cp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { silentLogger, systemClock } from "#base";
import { buildImage } from "#build";
import { createHost } from "#host";
import { busyboxImage, ociArchive } from "#testing";
import type { TestMachine } from "./machine.ts";

const root = join(import.meta.dirname, "..");

/** Puts examples/hello on a machine as `hello:v1`. What is built is kept for all test files. */
export async function importHello(machine: TestMachine): Promise<void> {
  await importService(machine, join(root, "examples/hello"), "hello:v1");
}

/** The same service with a line changed, as `hello:v2`: it says so in every answer. */
export async function importSecondHello(machine: TestMachine): Promise<void> {
  const changed = join(machine.directory, "hello-v2");
  await cp(join(root, "examples/hello"), changed, { recursive: true });
  const program = await readFile(join(changed, "server.ts"), "utf8");
  await writeFile(join(changed, "server.ts"), program.replace('process.env.VERSION ?? "v1"', '"v2"'));
  await importService(machine, changed, "hello:v2");
}

/** The manifest of examples/hello. */
export const helloManifest: string = await readFile(join(root, "examples/hello/manifest.yaml"), "utf8");

/** Puts `busybox:1` on a machine: a shell, tar and the usual small programs. */
export async function importBusybox(machine: TestMachine): Promise<void> {
  const path = join(machine.directory, "busybox.tar");
  await writeFile(path, await ociArchive([{ image: await busyboxImage(), name: "busybox:1" }]));
  await machine.nacre("image", "import", path, "-t", "busybox:1");
}

/** Brings a cluster up in which pods of `busybox:1` can be made at once. */
export async function upWithBusybox(machine: TestMachine): Promise<void> {
  await machine.up();
  await importBusybox(machine);
  await machine.kubectl("wait", "serviceaccount/default", "--for=create", "--timeout=20s");
}

async function importService(machine: TestMachine, directory: string, name: string): Promise<void> {
  const { layout } = await buildImage({
    host: createHost({ clock: systemClock, logger: silentLogger }),
    directory,
    cacheDirectory: join(root, "node_modules/.cache/nacre/build"),
    node: process.execPath,
  });
  await machine.nacre("image", "import", layout, "-t", name);
}
