import { ApiError } from "#base";
import type { Host } from "#host";
import type { LayerFile } from "./layer.ts";
import { limits } from "./limits.ts";

/**
 * The lowest layer: the running Node binary, the shared libraries it is linked with, and the few files that programs
 * expect of a system. Throws when a library cannot be found.
 */
export async function nodeBase(host: Host, node: string): Promise<LayerFile[]> {
  const libraries = await sharedLibraries(host, node);
  const files: LayerFile[] = [await realFile(host, "usr/local/bin/node", node)];
  for (const library of libraries) files.push(await realFile(host, library.slice(1), library));
  return [...files, ...systemFiles];
}

/** The user that services run as: not root, and without a name that could be mistaken for a person's. */
export const serviceUser = "65532:65532";

const systemFiles: readonly LayerFile[] = [
  {
    type: "text",
    path: "etc/passwd",
    content: "root:x:0:0:root:/:/sbin/nologin\nservice:x:65532:65532:service:/app:/sbin/nologin\n",
  },
  { type: "text", path: "etc/group", content: "root:x:0:\nservice:x:65532:\n" },
  { type: "text", path: "etc/nsswitch.conf", content: "passwd: files\ngroup: files\nhosts: files dns\n" },
  { type: "directory", path: "tmp", mode: 0o1777 },
];

/** Absolute paths as the dynamic linker resolves them on this machine. */
async function sharedLibraries(host: Host, program: string): Promise<string[]> {
  const listed = await host.run({
    program: "ldd",
    arguments: [program],
    timeoutMs: limits.libraryLookupTimeoutMs,
  });
  const paths: string[] = [];
  for (const line of listed.stdout.split("\n")) {
    if (/=> not found/.test(line)) {
      throw new ApiError(
        "InternalError",
        `cannot put Node into an image: ${line.trim()}; install the library on this machine`,
      );
    }
    const path = /(?:=>\s+)?(\/\S+)\s+\(0x/.exec(line)?.[1];
    if (path) paths.push(path);
  }
  return paths.sort();
}

async function realFile(host: Host, path: string, source: string): Promise<LayerFile> {
  const real = (await host.files.realPath(source)) ?? source;
  const status = await host.files.stat(real);
  if (!status) throw new ApiError("InternalError", `cannot put ${source} into an image: it is gone`);
  return { type: "file", path, source: real, sizeBytes: status.sizeBytes, executable: true };
}
