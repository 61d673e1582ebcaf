import { spawnSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLogger, systemClock } from "#base";
import { createHost } from "#host";
import { lacksNats, lacksPostgres } from "#testing";
import { root } from "../source-files.ts";
import { prepareImages } from "./images.ts";

/** `npm run shop:images`: what examples/shop/kubernetes runs, among the images of this machine's cluster. */
const lacks = lacksPostgres() ?? lacksNats();
if (lacks) {
  console.error(lacks);
  process.exit(1);
}
const directory = await mkdtemp(join(tmpdir(), "nacre-shop-images-"));
try {
  const host = createHost({ clock: systemClock, logger: silentLogger });
  for (const words of await prepareImages(host, directory)) {
    const { status } = spawnSync("sh", [join(root, "bin/nacre"), ...words], { stdio: "inherit" });
    process.exitCode = status ?? 1;
    if (process.exitCode !== 0) break;
  }
} finally {
  await rm(directory, { recursive: true });
}
