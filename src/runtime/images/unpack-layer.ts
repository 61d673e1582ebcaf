import { createHash, type Hash } from "node:crypto";
import { PassThrough, type Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip, createZstdDecompress } from "node:zlib";
import { CommandError, type Host } from "#host";
import { filterLayer } from "./layer-filter.ts";
import { unpackTimeoutMs } from "./limits.ts";
import { TarError } from "./tar-reader.ts";

export interface UnpackedLayer {
  /** `sha256:…` of the tar, unpacked. */
  readonly diffId: string;
  /** `sha256:…` of the bytes as they came. */
  readonly digest: string;
  /** Bytes of the tar, unpacked. */
  readonly sizeBytes: number;
}

/**
 * Unpacks a layer (tar; plain, gzip or zstd) into an empty directory, ready to be an overlay's lower directory. We decide what goes
 * in (`filterLayer`); GNU tar writes it: owners, modes, times, hard links, capabilities.
 */
export async function unpackLayer(
  host: Host,
  source: Readable,
  directory: string,
  signal?: AbortSignal,
): Promise<UnpackedLayer> {
  const tar = host.spawn({
    program: "tar",
    arguments: tarArguments(directory),
    stdio: ["pipe", "ignore", "pipe"],
  });
  let complaints = "";
  tar.stderr?.on("data", (chunk: Buffer) => {
    if (complaints.length < 4096) complaints += chunk.toString("utf8");
  });
  const timer = host.clock.setTimer(unpackTimeoutMs, () => tar.signal("SIGKILL"), { unref: true });
  const packed = measured();
  const plain = measured();
  const input = tar.stdin as NodeJS.WritableStream;
  const failed = await pipeline(
    source,
    packed.stream,
    decompressed(),
    plain.stream,
    (chunks: AsyncIterable<Buffer>) => filterLayer(chunks),
    input,
    { ...(signal ? { signal } : {}) },
  ).then(
    () => undefined,
    (error: unknown) => error ?? new Error("unpacking stopped"),
  );
  if (failed !== undefined) tar.signal("SIGKILL");
  const exit = await tar.exited;
  timer.cancel();
  signal?.throwIfAborted();
  // tar's own complaint explains a broken pipe; everything else explains tar's end.
  if (failed !== undefined && !isBrokenPipe(failed)) throw asTarError(failed);
  if (failed !== undefined || exit.exitCode !== 0) {
    const failure = exit.signal
      ? ({ kind: "killed", signal: exit.signal } as const)
      : ({ kind: "exited", exitCode: exit.exitCode ?? -1 } as const);
    throw new CommandError({ program: "tar", arguments: tarArguments(directory) }, failure, {
      stderr: complaints,
    });
  }
  return {
    diffId: `sha256:${plain.hash.digest("hex")}`,
    digest: `sha256:${packed.hash.digest("hex")}`,
    sizeBytes: plain.bytes(),
  };
}

function tarArguments(directory: string): string[] {
  return [
    "--extract",
    "--file=-",
    `--directory=${directory}`,
    "--numeric-owner",
    "--same-owner",
    "--preserve-permissions",
    "--delay-directory-restore",
    "--xattrs",
    // An image sets capabilities and marks of its users; `trusted.overlay` is for our own opaque directories.
    "--xattrs-include=security.capability",
    "--xattrs-include=user.*",
    "--xattrs-include=trusted.overlay.opaque",
    "--warning=no-timestamp",
  ];
}

/** Decompresses what it recognises by its first bytes, and passes on the rest. */
function decompressed(): (source: AsyncIterable<Buffer>) => AsyncGenerator<Buffer> {
  return async function* (source) {
    const iterator = source[Symbol.asyncIterator]();
    let head = Buffer.alloc(0);
    while (head.length < 4) {
      const { done, value } = await iterator.next();
      if (done) break;
      head = Buffer.concat([head, value]);
    }
    const rest = async function* () {
      yield head;
      yield* { [Symbol.asyncIterator]: () => iterator };
    };
    const unpack = decompressor(head);
    if (!unpack) return yield* rest();
    const running = pipeline(rest, unpack);
    running.catch(() => {});
    yield* unpack as AsyncIterable<Buffer>;
    await running;
  };
}

function decompressor(head: Buffer): Transform | undefined {
  if (head[0] === 0x1f && head[1] === 0x8b) return createGunzip({ chunkSize: 256 * 1024 });
  if (head.length >= 4 && head.readUInt32LE(0) === 0xfd2fb528)
    return createZstdDecompress({ chunkSize: 256 * 1024 });
  return undefined;
}

interface Measured {
  readonly stream: Transform;
  readonly hash: Hash;
  bytes(): number;
}

/** Passes bytes on, counted and hashed. */
function measured(): Measured {
  const hash = createHash("sha256");
  let bytes = 0;
  const stream = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      hash.update(chunk);
      done(null, chunk);
    },
  });
  return { stream, hash, bytes: () => bytes };
}

/** A gzip or zstd archive as a plain stream: for outer archives. */
export function decompressedStream(source: Readable): Readable {
  const result = new PassThrough();
  pipeline(source, decompressed(), result).catch((error: Error) => result.destroy(error));
  return result;
}

function isBrokenPipe(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code;
  return code === "EPIPE" || code === "ECONNRESET" || code === "ERR_STREAM_PREMATURE_CLOSE";
}

/** zlib's complaints are about the archive too. */
function asTarError(error: unknown): unknown {
  const code = (error as NodeJS.ErrnoException).code ?? "";
  return code.startsWith("Z_") || code.startsWith("ZSTD_")
    ? new TarError(`a damaged compressed stream (${(error as Error).message})`, { cause: error })
    : error;
}
