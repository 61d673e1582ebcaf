import { createHash } from "node:crypto";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Host } from "#host";
import {
  array,
  choosePlatform,
  type Descriptor,
  DocumentError,
  type Manifest,
  object,
  type Platform,
  parseJson,
  parseManifest,
  strings,
} from "./documents.ts";
import type { ImageSource } from "./ingest.ts";
import { archiveEntries, documentBytes, indexDepth } from "./limits.ts";
import { TarError, TarReader } from "./tar-reader.ts";
import { decompressedStream } from "./unpack-layer.ts";

/** An image found in an archive. */
export interface ArchivedImage {
  readonly source: ImageSource;
  /** Names as the archive gives them. */
  readonly names: readonly string[];
  /** Digest of its manifest, where there is one. */
  readonly digest: string | undefined;
}

/** The files of an archive, wherever they are. */
interface Contents {
  read(name: string): Promise<Uint8Array | undefined>;
  open(name: string): Promise<Readable>;
}

/**
 * Reads an archive or directory: an OCI layout (oci-layout, index.json, blobs), or what `docker save` writes (manifest.json). An archive's
 * files come in any order, so a tar is spread out into `directory` first.
 */
export async function readArchive(
  host: Host,
  path: string,
  options: { directory: string; platform: Platform; signal?: AbortSignal },
): Promise<ArchivedImage[]> {
  const found = await host.files.stat((await host.files.realPath(path)) ?? path);
  if (!found) throw new DocumentError("there is no such file");
  const contents = found.kind === "directory" ? folder(host, path) : await spread(host, path, options);
  const docker = await contents.read("manifest.json");
  const index = await contents.read("index.json");
  if (index) return ociImages(contents, index, options.platform, docker);
  if (docker) return dockerImages(contents, docker);
  throw new DocumentError("neither an OCI layout (index.json) nor a docker archive (manifest.json)");
}

async function ociImages(
  contents: Contents,
  index: Uint8Array,
  platform: Platform,
  docker: Uint8Array | undefined,
): Promise<ArchivedImage[]> {
  const top = parseManifest(index);
  if (top.kind !== "index") throw new DocumentError("index.json is not an index");
  const dockerNames = docker ? namesByConfig(docker) : new Map<string, string[]>();
  const images: ArchivedImage[] = [];
  for (const entry of top.manifests) {
    const manifest = await manifestOf(contents, entry, platform, indexDepth);
    if (!manifest) continue;
    const config = await blob(contents, manifest.config.digest);
    images.push({
      digest: entry.digest,
      names: namesOf(entry) ?? dockerNames.get(manifest.config.digest) ?? [],
      source: {
        config,
        openLayer: (at) => contents.open(blobName(manifest.layers[at]?.digest ?? "")),
        layerDigest: (at) => manifest.layers[at]?.digest,
      },
    });
  }
  if (images.length === 0) throw new DocumentError(`no image for linux/${platform.architecture}`);
  return images;
}

async function manifestOf(
  contents: Contents,
  entry: Descriptor,
  platform: Platform,
  depth: number,
): Promise<Manifest | undefined> {
  const bytes = await blob(contents, entry.digest);
  const manifest = parseManifest(bytes);
  if (manifest.kind === "manifest") return manifest;
  if (depth === 0) throw new DocumentError("an index in an index in an index");
  const chosen = choosePlatform(manifest, platform);
  return chosen && manifestOf(contents, chosen, platform, depth - 1);
}

/** What containerd and buildkit write, then what the specification gives: a name only when it is more than a tag. */
function namesOf(entry: Descriptor): string[] | undefined {
  const full = entry.annotations["io.containerd.image.name"];
  if (full) return [full];
  const given = entry.annotations["org.opencontainers.image.ref.name"];
  return given && /[/:]/.test(given) ? [given] : undefined;
}

function namesByConfig(docker: Uint8Array): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const one of array(parseJson(docker), "manifest.json")) {
    const entry = object(one, "an image of manifest.json");
    const digits = /([0-9a-f]{64})(?:\.json)?$/.exec(String(entry.Config))?.[1];
    if (digits) found.set(`sha256:${digits}`, strings(entry.RepoTags));
  }
  return found;
}

async function dockerImages(contents: Contents, docker: Uint8Array): Promise<ArchivedImage[]> {
  return Promise.all(
    array(parseJson(docker), "manifest.json").map(async (one) => {
      const entry = object(one, "an image of manifest.json");
      const layers = strings(entry.Layers);
      const config = await contents.read(String(entry.Config));
      if (!config) throw new DocumentError(`${entry.Config} is missing`);
      return {
        digest: undefined,
        names: strings(entry.RepoTags),
        source: { config, openLayer: (at) => contents.open(layers[at] ?? ""), layerDigest: () => undefined },
      };
    }),
  );
}

async function blob(contents: Contents, digest: string): Promise<Uint8Array> {
  const bytes = await contents.read(blobName(digest));
  if (!bytes) throw new DocumentError(`the archive lacks ${digest}`);
  const is = createHash("sha256").update(bytes).digest("hex");
  if (`sha256:${is}` !== digest) throw new DocumentError(`the content of ${digest} has digest sha256:${is}`);
  return bytes;
}

function blobName(digest: string): string {
  return `blobs/${digest.replace(":", "/")}`;
}

function folder(host: Host, path: string): Contents {
  const at = (name: string) => {
    if (name.split("/").includes("..") || name.startsWith("/"))
      throw new DocumentError(`refused: the name "${name}"`);
    return `${path}/${name}`;
  };
  return {
    read: async (name) => {
      const found = await host.files.stat(at(name));
      if (found && found.sizeBytes > documentBytes)
        throw new DocumentError(`${name} is larger than ${documentBytes} bytes`);
      return host.files.readBytes(at(name));
    },
    open: async (name) => {
      const found = await host.files.stat(at(name));
      if (found?.kind !== "file") throw new DocumentError(`the archive lacks ${name}`);
      return host.files.openRead(at(name));
    },
  };
}

/** Writes an archive's files under numbers of our own: their names never reach the file system. */
async function spread(
  host: Host,
  path: string,
  options: { directory: string; signal?: AbortSignal },
): Promise<Contents> {
  const { directory } = options;
  const files = new Map<string, string>();
  const links = new Map<string, string>();
  const source = decompressedStream(host.files.openRead(path));
  const reader = new TarReader(source);
  for (;;) {
    options.signal?.throwIfAborted();
    const entry = await reader.next();
    if (!entry) break;
    const name = clean(entry.name);
    if (entry.type === "2") links.set(name, clean(`${name.replace(/[^/]*$/, "")}${entry.linkName}`));
    if (entry.type === "1") links.set(name, clean(entry.linkName));
    if (entry.type !== "0") continue;
    if (files.size >= archiveEntries) throw new TarError(`more than ${archiveEntries} files`);
    const target = `${directory}/${files.size}`;
    let left = entry.size;
    const content = async function* () {
      for await (const chunk of reader.content()) {
        const wanted = chunk.subarray(0, left);
        left -= wanted.length;
        if (wanted.length > 0) yield wanted;
      }
    };
    await pipeline(content, host.files.openWrite(target, { mode: 0o600 }));
    files.set(name, target);
  }
  // Old docker versions write a layer that repeats as a symbolic link to the first.
  const find = (name: string) => files.get(name) ?? files.get(links.get(name) ?? "");
  return {
    read: async (name) => {
      const file = find(clean(name));
      if (file === undefined) return undefined;
      const size = (await host.files.stat(file))?.sizeBytes ?? 0;
      if (size > documentBytes) throw new DocumentError(`${name} is larger than ${documentBytes} bytes`);
      return host.files.readBytes(file);
    },
    open: async (name) => {
      const file = find(clean(name));
      if (file === undefined) throw new DocumentError(`the archive lacks ${name || "a layer"}`);
      return host.files.openRead(file);
    },
  };
}

/** `./a/../b` is `b`: a key of a map, no path of the machine. */
function clean(name: string): string {
  const parts: string[] = [];
  for (const part of name.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return parts.join("/");
}
