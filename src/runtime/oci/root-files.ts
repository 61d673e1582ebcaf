import type { Files } from "#host";
import { symbolicLinks } from "./limits.ts";

/**
 * The machine's path of a file in a container's root file system, symbolic links followed as the container would: an image whose
 * /etc/passwd points to /etc/shadow gets its own, not the machine's. Undefined when there is none.
 */
async function pathInRoot(files: Files, root: string, path: string): Promise<string | undefined> {
  let left = path.split("/");
  let inside: string[] = [];
  let links = 0;
  while (left.length > 0) {
    const [part = "", ...rest] = left;
    left = rest;
    if (part === "" || part === ".") continue;
    if (part === "..") {
      inside.pop();
      continue;
    }
    const at = `${root}/${[...inside, part].join("/")}`;
    const found = await files.stat(at);
    if (!found) return undefined;
    if (found.kind !== "symlink") {
      inside.push(part);
      continue;
    }
    links += 1;
    if (links > symbolicLinks) return undefined;
    const target = (await files.readLink(at)) ?? "";
    if (target.startsWith("/")) inside = [];
    left = [...target.split("/"), ...left];
  }
  return `${root}/${inside.join("/")}`;
}

/** Content of a small text file in a container's root; "" when there is none. */
export async function readInRoot(files: Files, root: string, path: string): Promise<string> {
  const found = await pathInRoot(files, root, path);
  if (found === undefined || (await files.stat(found))?.kind !== "file") return "";
  return (await files.read(found)) ?? "";
}
