import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { buffer } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import { pack } from "tar-stream";

/** One file of a test layer or archive. */
export interface TestFile {
  readonly name: string;
  readonly content?: string | Uint8Array;
  readonly type?: "file" | "directory" | "symlink" | "link" | "character-device";
  readonly target?: string;
  readonly mode?: number;
  readonly user?: number;
  readonly group?: number;
}

export interface TestImage {
  readonly config: Uint8Array;
  /** Packed as they would be in a registry. */
  readonly layers: readonly Uint8Array[];
  readonly manifest: Uint8Array;
  /** Everything by digest: configuration, layers, manifest. */
  readonly blobs: ReadonlyMap<string, Uint8Array>;
  readonly manifestDigest: string;
  readonly id: string;
}

/** Where Debian's busybox-static puts its program, which needs no library. */
const busyboxPath = "/bin/busybox";

/** A skip reason for tests that need the static busybox; false when it is there. */
export async function lacksBusybox(): Promise<string | false> {
  return readFile(busyboxPath).then(
    () => false,
    () => "needs busybox: apt-get install busybox-static",
  );
}

/** A tar of files, as they are given. */
export async function testTar(files: readonly TestFile[]): Promise<Buffer> {
  const tar = pack();
  const bytes = buffer(tar);
  for (const file of files) {
    tar.entry(
      {
        name: file.name,
        type: file.type ?? "file",
        mode: file.mode ?? (file.type === "directory" ? 0o755 : 0o644),
        uid: file.user ?? 0,
        gid: file.group ?? 0,
        mtime: new Date(0),
        ...(file.target === undefined ? {} : { linkname: file.target }),
      },
      file.content === undefined ? "" : Buffer.from(file.content),
    );
  }
  tar.finalize();
  return bytes;
}

/** An image of layers, each a list of files; layers are packed with gzip. */
export async function testImage(
  layers: readonly (readonly TestFile[])[],
  config: Readonly<Record<string, unknown>> = {},
): Promise<TestImage> {
  const tars = await Promise.all(layers.map(testTar));
  const packed = tars.map((tar) => gzipSync(tar, { level: 1 }));
  const json = (value: unknown) => Buffer.from(JSON.stringify(value));
  const configBytes = json({
    architecture: process.arch === "x64" ? "amd64" : process.arch,
    os: "linux",
    created: "2026-01-02T03:04:05Z",
    config,
    rootfs: { type: "layers", diff_ids: tars.map(digestOf) },
  });
  const type = "application/vnd.oci.image";
  const manifest = json({
    schemaVersion: 2,
    mediaType: `${type}.manifest.v1+json`,
    config: { mediaType: `${type}.config.v1+json`, digest: digestOf(configBytes), size: configBytes.length },
    layers: packed.map((layer) => ({
      mediaType: `${type}.layer.v1.tar+gzip`,
      digest: digestOf(layer),
      size: layer.length,
    })),
  });
  const blobs = new Map([configBytes, manifest, ...packed].map((bytes) => [digestOf(bytes), bytes]));
  return {
    config: configBytes,
    layers: packed,
    manifest,
    blobs,
    manifestDigest: digestOf(manifest),
    id: digestOf(configBytes),
  };
}

/** A busybox root file system: a shell and the usual small programs, users `root` (0) and `app` (1000); then more layers. */
export async function busyboxImage(
  config: Readonly<Record<string, unknown>> = {},
  layers: readonly (readonly TestFile[])[] = [],
): Promise<TestImage> {
  const programs = [
    "sh",
    "cat",
    "echo",
    "env",
    "id",
    "kill",
    "ls",
    "mount",
    "nc",
    "ps",
    "sleep",
    "stty",
    "tail",
  ];
  const more = [
    "head",
    "hostname",
    "httpd",
    "mkdir",
    "test",
    "touch",
    "true",
    "false",
    "wget",
    "dd",
    "grep",
    "nslookup",
    "rm",
    "tar",
    "mkfifo",
    "tty",
  ];
  return testImage(
    [
      [
        { name: "bin/", type: "directory" },
        { name: "bin/busybox", content: await readFile(busyboxPath), mode: 0o755 },
        ...[...programs, ...more].map((name): TestFile => {
          return { name: `bin/${name}`, type: "symlink", target: "busybox" };
        }),
        { name: "etc/", type: "directory" },
        {
          name: "etc/passwd",
          content: "root:x:0:0:root:/root:/bin/sh\napp:x:1000:1001:app:/home/app:/bin/sh\n",
        },
        { name: "etc/group", content: "root:x:0:\napp:x:1001:\nextra:x:2000:app\n" },
        { name: "root/", type: "directory", mode: 0o700 },
        { name: "tmp/", type: "directory", mode: 0o1777 },
      ],
      ...layers,
    ],
    { Env: ["PATH=/bin"], Cmd: ["/bin/sh"], ...config },
  );
}

/** An OCI layout as a tar. `names` are annotations of the index entries. */
export function ociArchive(images: readonly { image: TestImage; name?: string }[]): Promise<Buffer> {
  const index = {
    schemaVersion: 2,
    manifests: images.map(({ image, name }) => ({
      mediaType: "application/vnd.oci.image.manifest.v1+json",
      digest: image.manifestDigest,
      size: image.manifest.length,
      ...(name === undefined ? {} : { annotations: { "org.opencontainers.image.ref.name": name } }),
    })),
  };
  const blobs = new Map(images.flatMap(({ image }) => [...image.blobs]));
  return testTar([
    ...[...blobs].map(([digest, content]) => ({ name: `blobs/${digest.replace(":", "/")}`, content })),
    { name: "oci-layout", content: '{"imageLayoutVersion":"1.0.0"}' },
    { name: "index.json", content: JSON.stringify(index) },
  ]);
}

/** What `docker save` writes. */
export function dockerArchive(image: TestImage, names: readonly string[]): Promise<Buffer> {
  const layers = image.layers.map((_layer, at) => `${at}/layer.tar`);
  const manifest = [{ Config: `${image.id.slice(7)}.json`, RepoTags: names, Layers: layers }];
  return testTar([
    ...image.layers.map((content, at) => ({ name: `${at}/layer.tar`, content })),
    { name: `${image.id.slice(7)}.json`, content: image.config },
    { name: "manifest.json", content: JSON.stringify(manifest) },
  ]);
}

export function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}
