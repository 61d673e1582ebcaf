import { join } from "node:path";
import { must } from "#base";
import type { Host } from "#host";
import { type CompiledFile, chassisFaces, chassisManifest, type RootManifest } from "./chassis-manifest.ts";
import { limits } from "./limits.ts";

export interface PackOptions {
  readonly host: Host;
  /** Nacre's own folder: source, compiler and `package.json`. */
  readonly root: string;
  /** Where the package is put; made when it is not there. */
  readonly directory: string;
}

/** `@nacre/chassis`, ready to be installed. */
export interface PackedChassis {
  /** The file: `DIRECTORY/nacre-chassis-0.1.0.tgz`. */
  readonly path: string;
}

/** Whether the compiler is there. Who only runs clusters does not have it. */
export function canPack(host: Host, root: string): Promise<boolean> {
  return host.files.exists(compilerOf(root));
}

/** Brings the compiler, with the rest of Nacre's development packages. */
export async function installCompiler(
  host: Host,
  root: string,
  options: { readonly signal: AbortSignal },
): Promise<void> {
  const words = [join(root, "tools/prepare.sh"), "packages"];
  await host.run({ program: "sh", arguments: words, timeoutMs: limits.installMs, ...options });
}

/**
 * Compiles the chassis, with what it needs of `base`, into a package that stands alone: JavaScript, types, and a `package.json` with the same
 * faces and the dependencies that are its own.
 */
export async function packChassis({ host, root, directory }: PackOptions): Promise<PackedChassis> {
  const staging = join(directory, ".staging");
  await host.files.remove(staging);
  await host.files.makeDirectory(staging);
  try {
    const manifest = await readManifest(host, root);
    await compile(host, root, staging, manifest);
    const files = await compiledFiles(host, staging);
    const write = (name: string, content: string) =>
      host.files.write(join(staging, name), content, { durable: false });
    await write("package.json", `${JSON.stringify(chassisManifest(manifest, files), null, 2)}\n`);
    await write(
      "README.md",
      must(await host.files.read(join(import.meta.dirname, "chassis-readme.md")), "it stands beside"),
    );
    await write("LICENSE", must(await host.files.read(join(root, "LICENSE")), "Nacre has a license"));
    const { stdout } = await host.run({
      program: "npm",
      arguments: ["pack", "--silent", "--pack-destination", directory],
      directory: staging,
      timeoutMs: limits.packMs,
    });
    return { path: join(directory, stdout.trim()) };
  } finally {
    await host.files.remove(staging);
  }
}

function compilerOf(root: string): string {
  return join(root, "node_modules/.bin/tsc");
}

async function readManifest(host: Host, root: string): Promise<RootManifest> {
  const text = await host.files.read(join(root, "package.json"));
  return JSON.parse(must(text, `${root} is Nacre's folder`)) as RootManifest;
}

/** The compiler starts at the faces: what none of them reaches, tests for example, stays out. */
async function compile(host: Host, root: string, staging: string, manifest: RootManifest): Promise<void> {
  const configuration = join(staging, "tsconfig.json");
  const options = {
    extends: join(root, "tsconfig.json"),
    compilerOptions: {
      noEmit: false,
      declaration: true,
      rootDir: join(root, "src"),
      outDir: staging,
      typeRoots: [join(root, "node_modules/@types")],
    },
    include: [],
    files: [...chassisFaces(manifest).values()].map((file) => join(root, "src", file)),
  };
  await host.files.write(configuration, JSON.stringify(options), { durable: false });
  await host.run({
    program: compilerOf(root),
    arguments: ["--project", configuration],
    directory: root,
    timeoutMs: limits.compileMs,
  });
  await host.files.remove(configuration);
}

async function compiledFiles(host: Host, staging: string, below = ""): Promise<CompiledFile[]> {
  const files: CompiledFile[] = [];
  for (const name of (await host.files.list(join(staging, below))).sort()) {
    const path = join(below, name);
    const status = await host.files.stat(join(staging, path));
    if (status?.kind === "directory") files.push(...(await compiledFiles(host, staging, path)));
    else files.push({ path, text: (await host.files.read(join(staging, path))) ?? "" });
  }
  return files;
}
