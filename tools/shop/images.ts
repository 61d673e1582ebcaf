import { readFile, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import type { Host } from "#host";
import { installPackages, packChassis } from "#scaffold";
import { ociArchive } from "#testing";
import { root } from "../source-files.ts";
import { natsImage, postgresImage } from "./server-images.ts";
import { copyShop } from "./stage.ts";

/**
 * Makes ready in an empty folder what examples/shop/kubernetes runs: the shop, to be built as any service is, and PostgreSQL and NATS as images made of the
 * distribution's packages, so that no registry is asked for any. What is to be said to `nacre`, line by line, so that a cluster has them.
 */
export async function prepareImages(host: Host, directory: string): Promise<readonly (readonly string[])[]> {
  const shop = join(directory, "shop");
  await copyShop(shop);
  await install(host, shop);
  const lines: string[][] = [["build", shop, "-t", "shop:v1"]];
  for (const [name, make] of [
    ["shop-postgres:v1", postgresImage],
    ["shop-nats:v1", natsImage],
  ] as const) {
    const archive = join(directory, `${name}.tar`);
    await writeFile(archive, await ociArchive([{ image: await make(host), name }]));
    lines.push(["image", "import", archive, "-t", name]);
  }
  return lines;
}

/** What the shop imports, where it is: the chassis as it is packed from this source, the rest from npm. */
async function install(host: Host, directory: string): Promise<void> {
  const { path } = await packChassis({ host, root, directory: join(directory, "vendor") });
  const read = async (folder: string) => JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
  const { pg } = (await read(root)).dependencies;
  const dependencies = { "@nacre/chassis": `file:vendor/${basename(path)}`, pg };
  const manifest = { ...(await read(directory)), dependencies };
  await writeFile(join(directory, "package.json"), JSON.stringify(manifest));
  await installPackages(host, directory);
}
