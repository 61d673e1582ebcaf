import { ApiError, type Clock, notFound } from "#base";
import type { Host } from "#host";
import type { Image, ImageStore } from "../runtime.ts";
import { readArchive } from "./archive.ts";
import { collectGarbage } from "./collect.ts";
import { DocumentError, type Platform } from "./documents.ts";
import { contentOf, type ImageRecord, ImageRecords, imageOf } from "./image-records.ts";
import { ingest, type StoreParts } from "./ingest.ts";
import { LayerStore } from "./layer-store.ts";
import { Leases } from "./leases.ts";
import { pullImage } from "./pull.ts";
import { digestPattern, formatReference, normalizeReference, parseReference } from "./reference.ts";
import type { Fetch } from "./registry-client.ts";
import { withStaging } from "./staging.ts";
import { TarError } from "./tar-reader.ts";

export interface ImageStoreOptions {
  readonly host: Host;
  readonly clock: Clock;
  /** Shared by all processes that use the same images; several may have it open at once. */
  readonly stateDirectory: string;
  /** How registries are reached. Default: the platform's `fetch`. */
  readonly fetch?: Fetch;
  /** Default: this machine's. */
  readonly platform?: Platform;
}

/** The image store, with what the container runtime needs of it. */
export interface LocalImageStore extends ImageStore {
  /** Keeps an image's content for a container, and says where its layers are. Throws NotFound when it is not here. */
  claim(id: string, containerId: string): Promise<ClaimedImage>;
  release(containerId: string): Promise<void>;
  /** Containers that hold an image. */
  claims(): Promise<string[]>;
  collect(): Promise<void>;
}

export interface ClaimedImage {
  readonly record: ImageRecord;
  /** Where `layers` are. */
  readonly directory: string;
  /** Directory names, topmost first: the order of overlay's `lowerdir`. */
  readonly layers: readonly string[];
}

/** Opens the images below a state directory. Light: it starts nothing and adopts nothing. */
export async function openImageStore(options: ImageStoreOptions): Promise<LocalImageStore> {
  const { host } = options;
  const directory = `${options.stateDirectory}/images`;
  const parts: StoreParts = {
    host,
    directory,
    layers: new LayerStore(host, `${directory}/layers`),
    records: new ImageRecords(host, directory),
    leases: new Leases(host, `${directory}/leases`),
  };
  // 0711 on the way to the layers: processes in containers have other users, and walk through lower directories.
  await host.files.makeDirectory(directory, { mode: 0o711 });
  await host.files.makeDirectory(`${directory}/layers`, { mode: 0o711 });
  await host.files.makeDirectory(`${directory}/staging`, { mode: 0o700 });
  await parts.records.prepare();
  await parts.leases.prepare();
  return imageStore(parts, options);
}

function imageStore(parts: StoreParts, options: ImageStoreOptions): LocalImageStore {
  const { host, records, layers, leases } = parts;
  const platform = options.platform ?? { architecture: architecture() };
  const pulls = new Map<string, SharedPull>();

  const image = async (record: ImageRecord): Promise<Image> =>
    imageOf(record, (await records.allNames()).get(record.id) ?? []);
  const find = async (reference: string): Promise<ImageRecord | undefined> => {
    if (digestPattern.test(reference)) return records.read(reference);
    const parsed = parseReference(reference);
    const name = formatReference(parsed.digest === undefined ? parsed : { ...parsed, tag: undefined });
    const id = await records.named(name);
    return id === undefined ? undefined : records.read(id);
  };

  return {
    async importArchive(path, given = {}) {
      try {
        return await withStaging(parts, async ({ directory }) => {
          const images: Image[] = [];
          for (const one of await readArchive(host, path, { directory, platform })) {
            const names = (given.names ?? one.names).map(normalizeReference);
            const digests = names.flatMap((name) => (one.digest ? [withDigest(name, one.digest)] : []));
            const record = await ingest(parts, one.source, { names: [...names, ...digests] });
            images.push(await image(record));
          }
          return images;
        });
      } catch (error) {
        if (!(error instanceof DocumentError || error instanceof TarError)) throw error;
        throw new ApiError("BadRequest", `cannot import ${path}: ${error.message}`, { cause: error });
      }
    },
    async pull(reference, { credentials, signal } = {}) {
      const parsed = parseReference(reference);
      const key = `${formatReference(parsed)} ${credentials?.username ?? ""} ${credentials?.password ?? ""}`;
      const record = await shared(pulls, key, signal, (stop) =>
        pullImage(parts, parsed, {
          fetch: options.fetch ?? globalThis.fetch,
          clock: options.clock,
          platform,
          credentials,
          signal: stop,
        }),
      );
      return image(record);
    },
    async resolve(reference) {
      const record = await find(reference);
      return record && contentOf(record);
    },
    async list() {
      const names = await records.allNames();
      const found = await Promise.all((await records.ids()).map((id) => records.read(id)));
      return found.flatMap((record) => (record ? [imageOf(record, names.get(record.id) ?? [])] : []));
    },
    async tag(reference, name) {
      const record = await find(reference);
      if (!record) throw unknownImage(reference);
      await records.setName(normalizeReference(name), record.id);
      return image(record);
    },
    async remove(reference) {
      const record = await find(reference);
      if (!record) return;
      const names = (await records.allNames()).get(record.id) ?? [];
      for (const name of namesToRemove(reference, names)) await records.removeName(name);
      await collectGarbage(parts);
    },
    async claim(id, containerId) {
      const wanted = await records.read(id);
      if (!wanted) throw notFound({ resource: "images", name: id });
      await leases.write(`container-${containerId}`, {
        formatVersion: 1,
        images: [id],
        layers: wanted.layers,
      });
      const record = await records.read(id);
      const sizes = await Promise.all(wanted.layers.map((layer) => layers.size(layer)));
      if (!record || sizes.includes(undefined)) {
        await leases.release(`container-${containerId}`);
        throw notFound({ resource: "images", name: id });
      }
      return {
        record,
        directory: layers.directory,
        layers: wanted.layers.map((layer) => layers.nameOf(layer)).reverse(),
      };
    },
    release: (containerId) => leases.release(`container-${containerId}`),
    async claims() {
      const names = [...(await leases.living()).keys()];
      return names.flatMap((name) =>
        name.startsWith("container-") ? [name.slice("container-".length)] : [],
      );
    },
    collect: () => collectGarbage(parts),
  };
}

function withDigest(name: string, digest: string): string {
  const { registry, repository } = parseReference(name);
  return formatReference({ registry, repository, tag: undefined, digest });
}

/** An id takes all names; the last tag of a repository takes the digests that came with it. */
function namesToRemove(reference: string, names: readonly string[]): string[] {
  if (digestPattern.test(reference)) return [...names];
  const name = normalizeReference(reference);
  const repository = name.replace(/@.*$/, "").replace(/:[^/]*$/, "");
  const left = names.filter((one) => one !== name);
  const tagged = left.some((one) => !one.includes("@") && one.startsWith(`${repository}:`));
  return [name, ...(tagged ? [] : left.filter((one) => one.startsWith(`${repository}@`)))];
}

function unknownImage(reference: string): ApiError {
  const message = `there is no image "${reference}" on this node; see: nacre image list`;
  return new ApiError("NotFound", message, { details: { kind: "images", name: reference } });
}

interface SharedPull {
  readonly result: Promise<ImageRecord>;
  readonly stop: AbortController;
  waiting: number;
}

/** One pull for all who want the same; it stops when the last of them no longer waits. */
async function shared(
  pulls: Map<string, SharedPull>,
  key: string,
  signal: AbortSignal | undefined,
  start: (stop: AbortSignal) => Promise<ImageRecord>,
): Promise<ImageRecord> {
  signal?.throwIfAborted();
  let pull = pulls.get(key);
  if (!pull) {
    const stop = new AbortController();
    pull = { stop, waiting: 0, result: start(stop.signal).finally(() => pulls.delete(key)) };
    pulls.set(key, pull);
  }
  const own = pull;
  own.waiting += 1;
  const aborted = Promise.withResolvers<never>();
  const onAbort = () => {
    own.waiting -= 1;
    if (own.waiting === 0) {
      pulls.delete(key);
      own.stop.abort(signal?.reason);
    }
    aborted.reject(signal?.reason);
  };
  signal?.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([own.result, aborted.promise]);
  } finally {
    signal?.removeEventListener("abort", onAbort);
  }
}

/** Node's name of this machine's architecture, in the image specification's words (Go's). */
function architecture(): string {
  return process.arch === "x64" ? "amd64" : process.arch;
}
