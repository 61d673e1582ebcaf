import { createHash } from "node:crypto";
import { pipeline } from "node:stream/promises";
import { pack } from "tar-stream";
import type { Host } from "#host";

/** One file of an image layer. Paths are relative to the image's root, without a leading slash. */
export type LayerFile =
  | {
      readonly type: "file";
      readonly path: string;
      readonly source: string;
      readonly sizeBytes: number;
      readonly executable: boolean;
    }
  | { readonly type: "text"; readonly path: string; readonly content: string; readonly executable?: boolean }
  | { readonly type: "symlink"; readonly path: string; readonly target: string }
  | { readonly type: "directory"; readonly path: string; readonly mode: number };

/** A layer in a blob store: an uncompressed tar, so its digest is its diff id too. */
export interface Layer {
  readonly digest: string;
  readonly sizeBytes: number;
}

/**
 * Writes the files as a tar into `blobs`. Same files, same bytes: sorted, owned by root, at the epoch, with two modes.
 * The blob appears under its digest only when it is whole.
 */
export async function writeLayer(host: Host, blobs: string, files: readonly LayerFile[]): Promise<Layer> {
  const archive = pack();
  const hash = createHash("sha256");
  let sizeBytes = 0;
  const partial = `${blobs}/.partial-${process.pid}`;
  const written = pipeline(
    archive,
    async function* count(chunks: AsyncIterable<Buffer>) {
      for await (const chunk of chunks) {
        hash.update(chunk);
        sizeBytes += chunk.length;
        yield chunk;
      }
    },
    host.files.openWrite(partial, { mode: 0o600 }),
  );
  try {
    await Promise.all([addAll(host, archive, files), written]);
  } catch (error) {
    archive.destroy();
    await host.files.remove(partial);
    throw error;
  }
  const digest = `sha256:${hash.digest("hex")}`;
  await host.files.rename(partial, `${blobs}/${digest.slice(7)}`);
  return { digest, sizeBytes };
}

/** What a layer is made of, as one number: equal fingerprints need not be packed again. */
export function fingerprint(files: readonly LayerFile[], contents: ReadonlyMap<string, string>): string {
  const hash = createHash("sha256");
  for (const file of files) {
    hash.update(JSON.stringify(file.type === "file" ? { ...file, source: contents.get(file.source) } : file));
  }
  return hash.digest("hex");
}

async function addAll(
  host: Host,
  archive: ReturnType<typeof pack>,
  files: readonly LayerFile[],
): Promise<void> {
  const sorted = withParents(files).sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
  for (const file of sorted) await add(host, archive, file);
  archive.finalize();
}

/** Every folder on the way to a file, so that its mode is said and not guessed. */
function withParents(files: readonly LayerFile[]): LayerFile[] {
  const known = new Set(files.filter((file) => file.type === "directory").map((file) => file.path));
  const parents: LayerFile[] = [];
  for (const { path } of files) {
    const parts = path.split("/");
    for (let length = 1; length < parts.length; length += 1) {
      const parent = parts.slice(0, length).join("/");
      if (known.has(parent)) continue;
      known.add(parent);
      parents.push({ type: "directory", path: parent, mode: 0o755 });
    }
  }
  return [...files, ...parents];
}

async function add(host: Host, archive: ReturnType<typeof pack>, file: LayerFile): Promise<void> {
  const common = { name: file.path, mtime: new Date(0), uid: 0, gid: 0 };
  if (file.type === "directory") {
    archive.entry({ ...common, type: "directory", mode: file.mode });
  } else if (file.type === "symlink") {
    archive.entry({ ...common, type: "symlink", linkname: file.target, mode: 0o777 });
  } else if (file.type === "text") {
    archive.entry({ ...common, mode: file.executable ? 0o755 : 0o644 }, file.content);
  } else {
    const mode = file.executable ? 0o755 : 0o644;
    const entry = archive.entry({ ...common, size: file.sizeBytes, mode });
    await pipeline(host.files.openRead(file.source), entry);
  }
}
