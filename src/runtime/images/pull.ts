import type { Clock } from "#base";
import { ImagePullError } from "../errors.ts";
import type { RegistryCredentials } from "../runtime.ts";
import { choosePlatform, DocumentError, type Manifest, type Platform, parseManifest } from "./documents.ts";
import type { ImageRecord } from "./image-records.ts";
import { ingest, type StoreParts } from "./ingest.ts";
import { indexDepth } from "./limits.ts";
import { formatReference, type Reference } from "./reference.ts";
import { type Fetch, RegistryClient } from "./registry-client.ts";
import { TarError } from "./tar-reader.ts";

/** Fetches an image (manifest for this platform, configuration, those layers that are not here) and names it. */
export async function pullImage(
  parts: StoreParts,
  reference: Reference,
  options: {
    fetch: Fetch;
    clock: Clock;
    platform: Platform;
    credentials?: RegistryCredentials | undefined;
    signal?: AbortSignal | undefined;
  },
): Promise<ImageRecord> {
  const client = new RegistryClient({ ...options, reference });
  try {
    const top = await client.manifest(reference.digest ?? reference.tag ?? "latest");
    const byDigest = formatReference({ ...reference, tag: undefined, digest: top.digest });
    const names = [...new Set([formatReference(reference), byDigest])];
    const known = await whole(parts, await parts.records.named(byDigest));
    if (known) {
      for (const name of names) await parts.records.setName(name, known.id);
      return known;
    }
    const manifest = await platformManifest(client, top.bytes, options.platform, indexDepth);
    const config = await client.document(manifest.config.digest);
    return await ingest(
      parts,
      {
        config: config.bytes,
        layerDigest: (at) => manifest.layers[at]?.digest,
        openLayer: (at, signal) => {
          const layer = manifest.layers[at];
          if (!layer)
            throw new DocumentError(
              `the manifest has ${manifest.layers.length} layers, the configuration more`,
            );
          return client.blob(layer.digest, layer.size, signal);
        },
      },
      { names, signal: options.signal },
    );
  } catch (error) {
    if (error instanceof DocumentError || error instanceof TarError) {
      throw new ImagePullError("ErrImagePull", formatReference(reference), error.message, error);
    }
    throw error;
  }
}

async function platformManifest(
  client: RegistryClient,
  bytes: Uint8Array,
  platform: Platform,
  depth: number,
): Promise<Manifest> {
  const document = parseManifest(bytes);
  if (document.kind === "manifest") return document;
  const chosen = choosePlatform(document, platform);
  if (!chosen || depth === 0)
    throw new DocumentError(`the image is not made for linux/${platform.architecture}`);
  return platformManifest(client, (await client.manifest(chosen.digest)).bytes, platform, depth - 1);
}

/** The image when it is here with all its layers. */
async function whole(parts: StoreParts, id: string | undefined): Promise<ImageRecord | undefined> {
  const record = id === undefined ? undefined : await parts.records.read(id);
  if (!record) return undefined;
  const sizes = await Promise.all(record.layers.map((layer) => parts.layers.size(layer)));
  return sizes.includes(undefined) ? undefined : record;
}
