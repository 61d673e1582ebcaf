import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { silentLogger, systemClock } from "#base";
import { buildImage } from "#build";
import { createHost } from "#host";
import { busyboxImage, ociArchive } from "#testing";
import type { TestMachine } from "./machine.ts";

const root = join(import.meta.dirname, "..");

/** Puts the image of examples/hello on a machine. Built once and kept for all test files. */
export async function importHello(machine: TestMachine, ...names: string[]): Promise<void> {
  const { layout } = await buildImage({
    host: createHost({ clock: systemClock, logger: silentLogger }),
    directory: join(root, "examples/hello"),
    cacheDirectory: join(root, "node_modules/.cache/nacre/build"),
    node: process.execPath,
  });
  await machine.nacre("image", "import", layout, ...names.flatMap((name) => ["-t", name]));
}

/** Puts `busybox:1` on a machine: a shell, tar and the usual small programs. */
export async function importBusybox(machine: TestMachine): Promise<void> {
  const path = join(machine.directory, "busybox.tar");
  await writeFile(path, await ociArchive([{ image: await busyboxImage(), name: "busybox:1" }]));
  await machine.nacre("image", "import", path, "-t", "busybox:1");
}
