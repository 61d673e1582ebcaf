import { createHash } from "node:crypto";
import type { Readable } from "node:stream";
import type { Host } from "#host";
import { DocumentError, type ImageDocument, parseImage } from "./documents.ts";
import type { ImageRecord, ImageRecords } from "./image-records.ts";
import type { LayerStore } from "./layer-store.ts";
import type { Leases } from "./leases.ts";
import { parallelLayers, syncTimeoutMs } from "./limits.ts";
import { type Staging, withStaging } from "./staging.ts";
import type { UnpackedLayer } from "./unpack-layer.ts";

/** The parts of the image store's directory. */
export interface StoreParts {
  readonly host: Host;
  readonly directory: string;
  readonly layers: LayerStore;
  readonly records: ImageRecords;
  readonly leases: Leases;
}

/** An image as it comes from somewhere: its configuration, and its layers one by one when they are missing here. */
export interface ImageSource {
  /** The configuration's bytes: their digest is the image's id. */
  readonly config: Uint8Array;
  openLayer(index: number, signal: AbortSignal): Promise<Readable>;
  /** The digest that the manifest gives for the layer's packed bytes; undefined when there is none (docker archives). */
  layerDigest(index: number): string | undefined;
}

/**
 * Takes one image in. Layers are unpacked beside the store, checked, flushed to disk, and renamed into place when all are whole; then
 * the record and its names are written. Whatever happens in between leaves nothing that counts: a lease keeps the parts meanwhile.
 */
export async function ingest(
  parts: StoreParts,
  source: ImageSource,
  options: { names: readonly string[]; signal?: AbortSignal | undefined },
): Promise<ImageRecord> {
  const { host, records, layers } = parts;
  const image = parseImage(source.config);
  const id = `sha256:${createHash("sha256").update(source.config).digest("hex")}`;
  return withStaging(parts, async (staging) => {
    await staging.keep({ images: [id], layers: image.layers });
    const unpacked = await unpackMissing(parts, source, image, staging, options.signal);
    if (unpacked.length > 0) {
      await host.run({ program: "sync", arguments: ["-f", staging.directory], timeoutMs: syncTimeoutMs });
    }
    for (const layer of unpacked) await layers.commit(layer);
    const sizes = await Promise.all(image.layers.map((layer) => layers.size(layer)));
    const record: ImageRecord = {
      formatVersion: 1,
      id,
      layers: image.layers,
      sizeBytes: source.config.length + sizes.reduce<number>((sum, size) => sum + (size ?? 0), 0),
      ...(image.createdAt === undefined ? {} : { createdAt: image.createdAt }),
      config: image.config,
    };
    await records.write(record);
    for (const name of options.names) await records.setName(name, id);
    return record;
  });
}

/** A few at a time; the first failure stops the others. */
async function unpackMissing(
  parts: StoreParts,
  source: ImageSource,
  image: ImageDocument,
  staging: Staging,
  signal: AbortSignal | undefined,
): Promise<(UnpackedLayer & { path: string })[]> {
  const found: (UnpackedLayer & { path: string })[] = [];
  const stop = new AbortController();
  const either = signal ? AbortSignal.any([signal, stop.signal]) : stop.signal;
  const waiting = [...new Set(image.layers)].values();
  const worker = async () => {
    for (const diffId of waiting) {
      either.throwIfAborted();
      if ((await parts.layers.size(diffId)) !== undefined) continue;
      const index = image.layers.indexOf(diffId);
      const layer = await parts.layers.unpack(await source.openLayer(index, either), staging, either);
      const digest = source.layerDigest(index);
      if (digest !== undefined && layer.digest !== digest) {
        throw new DocumentError(`layer ${index} has digest ${layer.digest}, the manifest says ${digest}`);
      }
      if (layer.diffId !== diffId) {
        throw new DocumentError(
          `layer ${index} unpacks to ${layer.diffId}, the configuration says ${diffId}`,
        );
      }
      found.push(layer);
    }
  };
  const workers = Array.from({ length: parallelLayers }, () => worker());
  try {
    await Promise.all(workers);
  } catch (error) {
    stop.abort(error);
    // Nothing may still write into the staging directory when it is removed.
    await Promise.allSettled(workers);
    throw error;
  }
  return found;
}
