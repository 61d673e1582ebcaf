import { type TarEntry, TarError, TarReader } from "./tar-reader.ts";

/**
 * Turns an image layer's tar into one that `tar` can unpack as an overlay's lower directory: a whiteout (`.wh.NAME`) becomes the
 * character device 0:0, an opaque mark (`.wh..wh..opq`) an extended attribute of its directory; see the OCI image
 * specification, "layer", and the kernel's overlayfs documentation. Device nodes are left out: a container's /dev comes
 * from the runtime. Refused: names that lead out of the layer, and entries below a symbolic link of the same layer.
 */
export async function* filterLayer(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const reader = new TarReader(source);
  const paths = new LayerPaths();
  for (;;) {
    const entry = await reader.next();
    if (!entry) break;
    const path = paths.accept(entry);
    if (path === "") {
      if (entry.type === "5") yield entry.blocks;
      continue;
    }
    const slash = path.lastIndexOf("/") + 1;
    const base = path.slice(slash);
    if (base === opaqueMark) yield* paths.markOpaque(path.slice(0, Math.max(slash - 1, 0)));
    else if (base.startsWith(whiteoutPrefix)) {
      // Other names with this prefix twice are marks of an old file system (aufs), without meaning here.
      if (base.startsWith(whiteoutPrefix + whiteoutPrefix)) continue;
      yield whiteout(path.slice(0, slash) + base.slice(whiteoutPrefix.length));
    } else if (entry.type === "5") yield* paths.directory(path, entry);
    else if (entry.type === "0" || entry.type === "1" || entry.type === "2" || entry.type === "6") {
      yield entry.blocks;
      yield* reader.content();
    }
  }
  yield Buffer.alloc(1024);
}

const whiteoutPrefix = ".wh.";
const opaqueMark = ".wh..wh..opq";

/** What this layer has put where: symbolic links, to stay above them, and directories, to mark them opaque. */
class LayerPaths {
  readonly #links = new Set<string>();
  readonly #directories = new Map<string, Buffer>();
  readonly #opaque = new Set<string>();

  /** The entry's path without slashes around it; "" for the layer's own directory. Throws when it may not be there. */
  accept(entry: TarEntry): string {
    const path = plain(entry.name);
    this.#refuseBelowLink(path);
    if (entry.type === "1") {
      const target = plain(entry.linkName);
      this.#refuseBelowLink(target);
    }
    if (entry.type === "2") this.#links.add(path);
    else if (entry.type !== "1") this.#links.delete(path);
    return path;
  }

  *directory(path: string, entry: TarEntry): Generator<Buffer> {
    this.#directories.set(path, entry.blocks);
    if (this.#opaque.has(path)) yield opaqueAttribute(path);
    yield entry.blocks;
  }

  /** The mark may come before or after its directory, or without it. */
  *markOpaque(path: string): Generator<Buffer> {
    this.#opaque.add(path);
    yield opaqueAttribute(path);
    yield this.#directories.get(path) ?? header({ path: path || ".", type: "5", mode: 0o755 });
  }

  #refuseBelowLink(path: string): void {
    for (let slash = path.indexOf("/"); slash >= 0; slash = path.indexOf("/", slash + 1)) {
      if (this.#links.has(path.slice(0, slash))) {
        throw new TarError(
          `refused: "${path}" lies below the symbolic link "${path.slice(0, slash)}" of the same layer`,
        );
      }
    }
  }
}

function plain(name: string): string {
  const parts = name.split("/").filter((part) => part !== "" && part !== ".");
  if (parts.includes("..")) throw new TarError(`refused: the name "${name}" leads out of the layer`);
  if (name.includes("\0")) throw new TarError(`refused: a name with a zero byte`);
  return parts.join("/");
}

function whiteout(path: string): Buffer {
  return Buffer.concat([...longName(path), header({ path, type: "3", mode: 0 })]);
}

/** A pax header for the directory entry that follows it. */
function opaqueAttribute(path: string): Buffer {
  return paxHeader(path, record("SCHILY.xattr.trusted.overlay.opaque", "y"));
}

function longName(path: string): Buffer[] {
  return Buffer.byteLength(path) > 100 ? [paxHeader(path, record("path", path))] : [];
}

function paxHeader(path: string, content: Buffer): Buffer {
  const padding = Buffer.alloc((512 - (content.length % 512)) % 512);
  return Buffer.concat([
    header({ path: `PaxHeader/${path}`, type: "x", mode: 0o644, size: content.length }),
    content,
    padding,
  ]);
}

/** `LENGTH KEY=VALUE\n`, where the length counts its own digits. */
function record(key: string, value: string): Buffer {
  const rest = Buffer.byteLength(` ${key}=${value}\n`);
  let length = rest + String(rest).length;
  if (String(length).length !== String(rest).length) length = rest + String(length).length;
  return Buffer.from(`${length} ${key}=${value}\n`);
}

/** A ustar header; a path that is too long for it is cut, and stands in a pax header before it. */
function header(fields: { path: string; type: string; mode: number; size?: number }): Buffer {
  const block = Buffer.alloc(512);
  block.write(fields.path, 0, 100);
  block.write(`${fields.mode.toString(8).padStart(7, "0")}\0`, 100);
  block.write("0000000\x000000000\0", 108);
  block.write(`${(fields.size ?? 0).toString(8).padStart(11, "0")}\0`, 124);
  block.write("00000000000\0", 136);
  block.write("        ", 148);
  block.write(fields.type, 156);
  block.write("ustar\x0000", 257);
  block.write("0000000\x000000000\0", 329);
  let sum = 0;
  for (const byte of block) sum += byte;
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return block;
}
