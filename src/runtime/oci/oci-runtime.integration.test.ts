import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { must, silentLogger, systemClock } from "#base";
import { createHost } from "#host";
import { busyboxImage, lacksBusybox, ociArchive, runtimeContract } from "#testing";
import { type OpenedRuntime, openRuntime, type RuntimeOptions, removeRuntime } from "./open-runtime.ts";

const host = createHost({ clock: systemClock, logger: silentLogger });
const skip = process.getuid?.() === 0 ? await lacksBusybox() : "needs root";
const directory = await mkdtemp(join(tmpdir(), "nacre-test-runtime-"));
const options: RuntimeOptions = {
  host,
  stateDirectory: join(directory, "state"),
  runDirectory: join(directory, "run"),
  cgroupParent: `nacre-test-${process.pid}`,
};
let opened: OpenedRuntime | undefined;
let image = "";

after(async () => {
  await opened?.close();
  if (!skip) await removeRuntime(options);
  await rm(directory, { recursive: true });
});

async function open() {
  if (!opened) {
    opened = await openRuntime(options);
    const archive = join(directory, "busybox.tar");
    await writeFile(archive, await ociArchive([{ image: await busyboxImage(), name: "busybox:test" }]));
    image = must((await opened.images.importArchive(archive))[0], "the archive holds an image").id;
  }
  return {
    runtime: opened.runtime,
    image,
    logDirectory: join(directory, "logs"),
    settle: <T>(event: Promise<T>) => event,
  };
}

runtimeContract("conmon and the OCI runtime", open, { skip });
