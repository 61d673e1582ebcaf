import { join } from "node:path";
import { fs } from "../node-modules.ts";
import { limits } from "./limits.ts";
import type { Mistake } from "./mistakes.ts";
import type { Mount } from "./resolve.ts";

/**
 * Reads a directory of files as Kubernetes mounts a ConfigMap or a Secret, or any directory. With a link `..data` in it all files are
 * read from where it leads now, so that a swap in between does not mix old and new. That it cannot be read goes to `mistakes`.
 *
 *     /etc/shop/MAX_ORDERS → ..data/MAX_ORDERS      ..data → ..2026_11_28_01_02_03.5/
 */
export function readMount(directory: string, mistakes: Mistake[]): Mount {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return { directory, files: readFiles(currentDirectory(directory)) };
    } catch (error) {
      // The kubelet has swapped the link and removed what it led to, just now.
      if (isGone(error) && attempt < limits.mountReads && isThere(directory)) continue;
      const why = (error as NodeJS.ErrnoException).code ?? String(error);
      mistakes.push({ name: directory, source: "a mounted directory", what: `cannot be read: ${why}` });
      return { directory, files: new Map() };
    }
  }
}

function currentDirectory(directory: string): string {
  try {
    return join(directory, fs.readlinkSync(join(directory, "..data")));
  } catch {
    return directory;
  }
}

function readFiles(directory: string): Map<string, string> {
  const files = new Map<string, string>();
  for (const name of fs.readdirSync(directory)) {
    const path = join(directory, name);
    if (name.startsWith(".") || !fs.statSync(path).isFile()) continue;
    files.set(name, fs.readFileSync(path, "utf8").replace(/\r?\n$/, ""));
  }
  return files;
}

function isGone(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === "ENOENT";
}

function isThere(directory: string): boolean {
  return fs.statSync(directory, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
