import { basename, join } from "node:path";
import { badRequest, must } from "#base";
import type { Host } from "#host";
import { limits } from "./limits.ts";
import { packChassis } from "./pack-chassis.ts";

export interface NewServiceOptions {
  readonly host: Host;
  /** Nacre's own folder. */
  readonly root: string;
  /** What it is called: a name that Kubernetes takes for a Service. */
  readonly name: string;
  readonly template: Template;
  /** The folder to make. */
  readonly directory: string;
}

/** `service`: an API. `scs`: a self-contained system, with a page of its own and what it keeps. */
export type Template = "service" | "scs";

/** The folders that each is made of; a file of a later one takes the place of an earlier one's. */
const layers: Readonly<Record<Template, readonly string[]>> = {
  service: ["service"],
  scs: ["service", "scs"],
};

/** The name that stands in a template for that of the service. */
const placeholder = "new-service";

/**
 * Makes the folder of a new service: a template with its name put in, and the chassis packed into `vendor/`, so that the folder needs nothing of this machine.
 * Throws BadRequest when the name cannot be one, or the folder is there.
 */
export async function newService({
  host,
  root,
  name,
  template,
  directory,
}: NewServiceOptions): Promise<void> {
  if (!/^[a-z]([-a-z0-9]*[a-z0-9])?$/.test(name) || name.length > limits.nameCharacters) {
    throw badRequest(
      `cannot call a service ${JSON.stringify(name)}: 1 to ${limits.nameCharacters} lower-case letters, digits and hyphens, a letter first and no hyphen last`,
    );
  }
  if ((await host.files.exists(directory)) && !(await isEmptyFolder(host, directory)))
    throw badRequest(`cannot make ${directory}: it is there already; choose another name, or move it away`);
  // Made beside it and moved there, so that it is whole or not there at all.
  const making = `${directory}.making`;
  await host.files.remove(making);
  try {
    const { path } = await packChassis({ host, root, directory: join(making, "vendor") });
    for (const layer of layers[template])
      await copyTemplate(host, join(root, "templates", layer), making, name);
    await fillManifest(host, root, making, basename(path));
    await host.files.rename(making, directory);
  } finally {
    await host.files.remove(making);
  }
}

async function isEmptyFolder(host: Host, directory: string): Promise<boolean> {
  const status = await host.files.stat(directory);
  return status?.kind === "directory" && (await host.files.list(directory)).length === 0;
}

async function copyTemplate(host: Host, from: string, to: string, name: string): Promise<void> {
  await host.files.makeDirectory(to);
  for (const entry of await host.files.list(from)) {
    const source = join(from, entry);
    const target = join(to, entry);
    if ((await host.files.stat(source))?.kind === "directory") await copyTemplate(host, source, target, name);
    else {
      const text = must(await host.files.read(source), `${source} is a file of the template`);
      await host.files.write(target, text.replaceAll(placeholder, name), { durable: false });
    }
  }
}

type Versions = Record<string, string>;

interface ManifestParts {
  dependencies: Versions;
  devDependencies: Versions;
  optionalDependencies: Versions;
}

/** A template names packages; their versions are those that Nacre has and is tested with. */
async function fillManifest(host: Host, root: string, directory: string, chassis: string): Promise<void> {
  const read = async (folder: string) =>
    JSON.parse(
      must(await host.files.read(join(folder, "package.json")), `${folder} is a package`),
    ) as ManifestParts;
  const own = await read(root);
  const manifest = await read(directory);
  const known: Versions = {
    ...own.dependencies,
    ...own.devDependencies,
    ...own.optionalDependencies,
    "@nacre/chassis": `file:vendor/${chassis}`,
  };
  const filled = (named: Versions) =>
    Object.fromEntries(
      Object.keys(named).map((each) => [
        each,
        must(known[each], `${each} of a template is one of Nacre's own packages`),
      ]),
    );
  const text = JSON.stringify(
    {
      ...manifest,
      dependencies: filled(manifest.dependencies),
      devDependencies: filled(manifest.devDependencies),
      optionalDependencies: filled(manifest.optionalDependencies),
    },
    null,
    2,
  );
  await host.files.write(join(directory, "package.json"), `${text}\n`);
}
