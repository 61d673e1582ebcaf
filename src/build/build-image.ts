import { createHash } from "node:crypto";
import type { Host } from "#host";
import { fingerprint, type Layer, type LayerFile, writeLayer } from "./layer.ts";
import { nodeBase, serviceUser } from "./node-base.ts";
import { readService } from "./source.ts";

export interface BuildOptions {
  readonly host: Host;
  /** The service's folder. */
  readonly directory: string;
  /** Where layers are kept between builds. */
  readonly cacheDirectory: string;
  /** The Node binary that goes into the image. */
  readonly node: string;
}

/** An OCI image layout on disk, ready to be imported or archived. */
export interface BuiltImage {
  readonly layout: string;
  /** `sha256:…` of the image configuration. */
  readonly id: string;
  readonly layers: readonly BuiltLayer[];
}

export interface BuiltLayer extends Layer {
  readonly what: "node" | "dependencies" | "source";
  /** True when it was taken from an earlier build. */
  readonly cached: boolean;
}

/**
 * Turns a folder with a TypeScript service into an OCI image, without daemon and without network: Node with its
 * libraries, installed dependencies and source as three layers. The same folder and Node give the same digest.
 */
export async function buildImage(options: BuildOptions): Promise<BuiltImage> {
  const { host, cacheDirectory } = options;
  const service = await readService(host, options.directory);
  const blobs = `${cacheDirectory}/blobs/sha256`;
  await host.files.makeDirectory(blobs, { mode: 0o700 });
  const parts: [BuiltLayer["what"], readonly LayerFile[]][] = [
    ["node", await nodeBase(host, options.node)],
    ["dependencies", service.dependencies],
    ["source", service.files],
  ];
  const layers: BuiltLayer[] = [];
  for (const [what, files] of parts) {
    if (files.length > 0) layers.push({ what, ...(await cachedLayer(options, blobs, files)) });
  }
  const configuration = await writeBlob(host, blobs, imageConfiguration(service.entry, layers));
  const manifest = await writeBlob(host, blobs, {
    schemaVersion: 2,
    mediaType: "application/vnd.oci.image.manifest.v1+json",
    config: {
      mediaType: "application/vnd.oci.image.config.v1+json",
      digest: configuration.digest,
      size: configuration.sizeBytes,
    },
    layers: layers.map(({ digest, sizeBytes }) => ({
      mediaType: "application/vnd.oci.image.layer.v1.tar",
      digest,
      size: sizeBytes,
    })),
  });
  const layout = await writeLayout(host, cacheDirectory, configuration, manifest);
  return { layout, id: configuration.digest, layers };
}

/** A layout of its own per image, over the blobs that all share: two builds at once do not meet. */
async function writeLayout(
  host: Host,
  cacheDirectory: string,
  configuration: Layer,
  manifest: Layer,
): Promise<string> {
  const layout = `${cacheDirectory}/images/${configuration.digest.slice(7)}`;
  if (await host.files.exists(`${layout}/index.json`)) return layout;
  await host.files.makeDirectory(layout, { mode: 0o700 });
  if (!(await host.files.exists(`${layout}/blobs`)))
    await host.files.symlink("../../blobs", `${layout}/blobs`);
  await host.files.write(`${layout}/oci-layout`, JSON.stringify({ imageLayoutVersion: "1.0.0" }));
  const index = {
    schemaVersion: 2,
    mediaType: "application/vnd.oci.image.index.v1+json",
    manifests: [
      {
        mediaType: "application/vnd.oci.image.manifest.v1+json",
        digest: manifest.digest,
        size: manifest.sizeBytes,
      },
    ],
  };
  await host.files.write(`${layout}/index.json`, JSON.stringify(index));
  return layout;
}

function imageConfiguration(entry: string, layers: readonly Layer[]): object {
  return {
    architecture: process.arch === "x64" ? "amd64" : process.arch,
    os: "linux",
    created: "1970-01-01T00:00:00Z",
    config: {
      User: serviceUser,
      WorkingDir: "/app",
      Env: ["PATH=/usr/local/bin:/usr/bin:/bin", "NODE_ENV=production"],
      Entrypoint: ["/usr/local/bin/node"],
      Cmd: [entry],
      StopSignal: "SIGTERM",
    },
    rootfs: { type: "layers", diff_ids: layers.map(({ digest }) => digest) },
    history: layers.map(() => ({ created: "1970-01-01T00:00:00Z", created_by: "nacre build" })),
  };
}

async function cachedLayer(
  options: BuildOptions,
  blobs: string,
  files: readonly LayerFile[],
): Promise<Layer & { cached: boolean }> {
  const { host } = options;
  const key = fingerprint(files, await contentIdentities(host, files));
  const path = `${options.cacheDirectory}/layers/${key}.json`;
  const known = await host.files.read(path);
  if (known !== undefined) {
    const layer = JSON.parse(known) as Layer;
    if (await host.files.exists(`${blobs}/${layer.digest.slice(7)}`)) return { ...layer, cached: true };
  }
  const layer = await writeLayer(host, blobs, files);
  await host.files.makeDirectory(`${options.cacheDirectory}/layers`, { mode: 0o700 });
  await host.files.write(path, JSON.stringify(layer));
  return { ...layer, cached: false };
}

/** Digests of small files; of large ones (Node, libraries) what changes when they are replaced, for speed. */
async function contentIdentities(host: Host, files: readonly LayerFile[]): Promise<Map<string, string>> {
  const identities = new Map<string, string>();
  for (const file of files) {
    if (file.type !== "file") continue;
    if (file.sizeBytes <= 1024 * 1024) {
      const bytes = (await host.files.readBytes(file.source)) ?? new Uint8Array();
      identities.set(file.source, createHash("sha256").update(bytes).digest("hex"));
    } else {
      const status = await host.files.stat(file.source);
      identities.set(
        file.source,
        `${file.source}:${status?.inode}:${status?.sizeBytes}:${status?.modifiedAt}`,
      );
    }
  }
  return identities;
}

async function writeBlob(host: Host, blobs: string, content: object): Promise<Layer> {
  const bytes = new TextEncoder().encode(JSON.stringify(content));
  const digest = `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
  await host.files.write(`${blobs}/${digest.slice(7)}`, bytes);
  return { digest, sizeBytes: bytes.length };
}
