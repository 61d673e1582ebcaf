import { dirname, join } from "node:path";
import { must } from "#base";
import type { Host } from "#host";
import { limits } from "./limits.ts";
import { packChassis } from "./pack-chassis.ts";

export interface InstallChassisOptions {
  readonly host: Host;
  /** Nacre's own folder. */
  readonly root: string;
  /** The folder of a program; its `node_modules` are made. */
  readonly directory: string;
}

/**
 * Puts `@nacre/chassis`, as it is packed from this source, where a program in the folder finds it, and links to what it depends on as Nacre has it
 * installed: without a registry.
 */
export async function installChassis({ host, root, directory }: InstallChassisOptions): Promise<void> {
  const { files } = host;
  const modules = join(directory, "node_modules");
  const installed = join(modules, "@nacre/chassis");
  await files.remove(installed);
  await files.makeDirectory(installed);
  const { path } = await packChassis({ host, root, directory: modules });
  await host.run({
    program: "tar",
    arguments: ["-xzf", path, "-C", installed, "--strip-components=1"],
    timeoutMs: limits.packMs,
  });
  const manifest = must(await files.read(join(installed, "package.json")), "a package has a manifest");
  const { dependencies } = JSON.parse(manifest) as { dependencies: Readonly<Record<string, string>> };
  for (const name of Object.keys(dependencies)) {
    const link = join(modules, name);
    await files.remove(link);
    await files.makeDirectory(dirname(link));
    await files.symlink(join(root, "node_modules", name), link);
  }
}
