import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLogger, systemClock } from "#base";
import { createHost } from "#host";
import { installChassis } from "#scaffold";
import { root } from "../source-files.ts";

/** The shop as somebody would have it who has installed `@nacre/chassis`. */
export interface StagedShop {
  readonly directory: string;
  remove(): Promise<void>;
}

const shopDirectory: string = join(root, "examples/shop");

const host = createHost({ clock: systemClock, logger: silentLogger });

/** Copies the shop, with nothing installed. */
export function copyShop(directory: string): Promise<void> {
  const filter = (path: string) => !path.endsWith("node_modules");
  return cp(shopDirectory, directory, { recursive: true, filter });
}

/** A copy of the shop in a folder of its own. */
export async function stageShop(): Promise<StagedShop> {
  const directory = await mkdtemp(join(tmpdir(), "nacre-shop-"));
  await copyShop(directory);
  await installChassis({ host, root, directory });
  return { directory, remove: () => rm(directory, { recursive: true, force: true }) };
}

/** The shop where it stands, so that what is changed there is what runs. */
export async function shopInPlace(): Promise<StagedShop> {
  await installChassis({ host, root, directory: shopDirectory });
  return { directory: shopDirectory, remove: async () => {} };
}
