import { badRequest } from "#base";
import type { Host } from "#host";
import { checkSource } from "./check-source.ts";
import { type Ignore, ignoreFrom } from "./ignore.ts";
import type { LayerFile } from "./layer.ts";
import { limits } from "./limits.ts";

/** A service's folder as it will be in the image. */
export interface ServiceSource {
  /** The file that Node starts, relative to the folder: `server.ts`. */
  readonly entry: string;
  /** Sorted by path; paths are absolute in the image. */
  readonly files: readonly LayerFile[];
  /** Installed packages that run with it: those that `package-lock.json` does not mark as for development, without Node. */
  readonly dependencies: readonly LayerFile[];
}

interface PackageJson {
  readonly main?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
}

interface PackageLock {
  readonly packages?: Readonly<Record<string, { readonly dev?: boolean; readonly devOptional?: boolean }>>;
}

const entryCandidates = [
  "server.ts",
  "main.ts",
  "index.ts",
  "src/server.ts",
  "src/main.ts",
  "src/index.ts",
  "server.js",
  "index.js",
];

/** Reads a service's folder. Throws BadRequest, saying what to add, when it cannot become an image. */
export async function readService(host: Host, directory: string): Promise<ServiceSource> {
  const status = await host.files.stat((await host.files.realPath(directory)) ?? directory);
  if (status?.kind !== "directory") throw badRequest(`cannot build ${directory}: there is no such folder`);
  const manifest = await readJson<PackageJson>(host, `${directory}/package.json`);
  const ignore = ignoreFrom((await host.files.read(`${directory}/.dockerignore`)) ?? "");
  const files: LayerFile[] = [];
  await collect(host, directory, "", ignore, files);
  const entry =
    manifest?.main ?? entryCandidates.find((path) => files.some((file) => file.path === `app/${path}`));
  if (entry === undefined || !files.some((file) => file.path === `app/${entry.replace(/^\.\//, "")}`)) {
    throw badRequest(
      entry === undefined
        ? `cannot build ${directory}: it has no file to start; add server.ts, or name one as "main" in package.json`
        : `cannot build ${directory}: "main" in package.json names ${entry}, which is not there`,
    );
  }
  const service = { directory, entry: entry.replace(/^\.\//, ""), files };
  await checkSource(host, service);
  return { ...service, dependencies: await readDependencies(host, directory, manifest) };
}

async function readDependencies(
  host: Host,
  directory: string,
  manifest: PackageJson | undefined,
): Promise<LayerFile[]> {
  const wanted = Object.keys(manifest?.dependencies ?? {});
  if (wanted.length === 0) return [];
  const missing: string[] = [];
  for (const name of wanted)
    if (!(await host.files.exists(`${directory}/node_modules/${name}`))) missing.push(name);
  if (missing.length > 0) {
    throw badRequest(
      `cannot build ${directory}: ${missing.join(", ")} is not installed; run: (cd ${directory} && npm install)`,
    );
  }
  const lock = await readJson<PackageLock>(host, `${directory}/package-lock.json`);
  const development = new Set(
    Object.entries(lock?.packages ?? {})
      .filter(([, entry]) => entry.dev === true || entry.devOptional === true)
      .map(([path]) => path),
  );
  const files: LayerFile[] = [];
  await collect(
    host,
    directory,
    "node_modules",
    (path) => development.has(path) || besideTheImage.test(path),
    files,
  );
  return files;
}

/** What npm has for itself, and Node, which is a layer of its own however the service gets it where it is developed. */
const besideTheImage = /^node_modules\/(\.cache|node-linux-(x64|arm64)|\.bin\/node)$/;

async function collect(
  host: Host,
  root: string,
  below: string,
  ignore: Ignore,
  into: LayerFile[],
): Promise<void> {
  const names = await host.files.list(below === "" ? root : `${root}/${below}`);
  for (const name of names.sort()) {
    const path = below === "" ? name : `${below}/${name}`;
    if (ignore(path)) continue;
    const source = `${root}/${path}`;
    const status = await host.files.stat(source);
    if (status?.kind === "directory") {
      await collect(host, root, path, ignore, into);
    } else if (status?.kind === "symlink") {
      into.push({ type: "symlink", path: `app/${path}`, target: (await host.files.readLink(source)) ?? "" });
    } else if (status?.kind === "file") {
      const executable = (status.mode & 0o111) !== 0;
      into.push({ type: "file", path: `app/${path}`, source, sizeBytes: status.sizeBytes, executable });
    }
    if (into.length > limits.sourceFiles) {
      throw badRequest(
        `cannot build ${root}: more than ${limits.sourceFiles} files; leave some out with a .dockerignore`,
      );
    }
  }
  const bytes = into.reduce((sum, file) => sum + (file.type === "file" ? file.sizeBytes : 0), 0);
  if (bytes > limits.sourceBytes) {
    throw badRequest(
      `cannot build ${root}: more than ${limits.sourceBytes >> 20} MiB; leave files out with a .dockerignore`,
    );
  }
}

async function readJson<T>(host: Host, path: string): Promise<T | undefined> {
  const text = await host.files.read(path);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as T;
  } catch (cause) {
    throw badRequest(`cannot read ${path}: it is not JSON`, cause);
  }
}
