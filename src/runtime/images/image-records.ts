import { createHash } from "node:crypto";
import type { Host } from "#host";
import type { Image, ImageConfig, ImageContent } from "../runtime.ts";

/** What is kept of an image: its configuration and layers. Never changes: its id is its content's digest. */
export interface ImageRecord {
  readonly formatVersion: 1;
  readonly id: string;
  /** Digests of unpacked layers, lowest first. */
  readonly layers: readonly string[];
  readonly sizeBytes: number;
  readonly createdAt?: number;
  readonly config: ImageConfig;
}

interface NameRecord {
  readonly formatVersion: 1;
  /** `docker.io/library/nginx:latest`, or with `@sha256:…` instead of the tag. */
  readonly name: string;
  readonly id: string;
}

/**
 * Images and their names as one small file each, so that several processes (the agent, `nacre image import`) share them without a
 * lock: every change is one atomic rename, every answer is what is on disk now.
 */
export class ImageRecords {
  readonly #host: Host;
  readonly #records: string;
  readonly #names: string;
  /** Records never change, so one that was read stays true; whether it is still there is asked each time. */
  readonly #cache = new Map<string, ImageRecord>();

  constructor(host: Host, directory: string) {
    this.#host = host;
    this.#records = `${directory}/records`;
    this.#names = `${directory}/names`;
  }

  async prepare(): Promise<void> {
    await this.#host.files.makeDirectory(this.#records, { mode: 0o700 });
    await this.#host.files.makeDirectory(this.#names, { mode: 0o700 });
  }

  async read(id: string): Promise<ImageRecord | undefined> {
    const path = this.#recordPath(id);
    const cached = this.#cache.get(id);
    if (cached) return (await this.#host.files.exists(path)) ? cached : undefined;
    const text = await this.#host.files.read(path);
    if (text === undefined) return undefined;
    const record = JSON.parse(text) as ImageRecord;
    this.#cache.set(id, record);
    return record;
  }

  async write(record: ImageRecord): Promise<void> {
    await this.#host.files.write(this.#recordPath(record.id), JSON.stringify(record));
  }

  async ids(): Promise<string[]> {
    const entries = await this.#host.files.list(this.#records);
    return entries
      .filter((entry) => /^[0-9a-f]{64}\.json$/.test(entry))
      .map((entry) => `sha256:${entry.slice(0, 64)}`);
  }

  async discard(id: string, trash: string): Promise<void> {
    await this.#host.files.rename(this.#recordPath(id), `${trash}/${id.slice(7)}.json`);
  }

  async restore(id: string, trash: string): Promise<void> {
    await this.#host.files.rename(`${trash}/${id.slice(7)}.json`, this.#recordPath(id));
  }

  /** The image id a full name stands for. */
  async named(name: string): Promise<string | undefined> {
    const text = await this.#host.files.read(this.#namePath(name));
    return text === undefined ? undefined : (JSON.parse(text) as NameRecord).id;
  }

  async setName(name: string, id: string): Promise<void> {
    const record: NameRecord = { formatVersion: 1, name, id };
    await this.#host.files.write(this.#namePath(name), JSON.stringify(record));
  }

  async removeName(name: string): Promise<void> {
    await this.#host.files.remove(this.#namePath(name));
  }

  /** All names, by image id. */
  async allNames(): Promise<Map<string, string[]>> {
    const entries = await this.#host.files.list(this.#names);
    const texts = await Promise.all(
      entries
        .filter((entry) => entry.endsWith(".json"))
        .map((entry) => this.#host.files.read(`${this.#names}/${entry}`)),
    );
    const found = new Map<string, string[]>();
    for (const text of texts) {
      if (text === undefined) continue;
      const { name, id } = JSON.parse(text) as NameRecord;
      const names = found.get(id);
      if (names) names.push(name);
      else found.set(id, [name]);
    }
    for (const names of found.values()) names.sort();
    return found;
  }

  #recordPath(id: string): string {
    return `${this.#records}/${id.slice("sha256:".length)}.json`;
  }

  /** File names are shorter than image names may be. */
  #namePath(name: string): string {
    return `${this.#names}/${createHash("sha256").update(name).digest("hex").slice(0, 32)}.json`;
  }
}

export function imageOf(record: ImageRecord, names: readonly string[]): Image {
  return {
    ...contentOf(record),
    names: names.filter((name) => !name.includes("@")),
    digests: names.filter((name) => name.includes("@")),
  };
}

export function contentOf({ id, sizeBytes, createdAt, config }: ImageRecord): ImageContent {
  return { id, sizeBytes, createdAt, config };
}
