import type { Readable } from "node:stream";
import type { Host } from "#host";
import { layerNameDigits } from "./limits.ts";
import type { Staging } from "./staging.ts";
import { type UnpackedLayer, unpackLayer } from "./unpack-layer.ts";

/**
 * Unpacked layers, each once, by the digest of their tar (`diffId`): `layers/NAME/` and beside it `layers/NAME.json`. A layer is
 * unpacked in a staging directory and renamed into place when whole, so a layer that is there is complete.
 */
export class LayerStore {
  /** Lower directories of overlays are names relative to this. */
  readonly directory: string;
  readonly #host: Host;
  /** A layer's size never changes; whether it is still there is asked each time. */
  readonly #sizes = new Map<string, number>();
  #count = 0;

  constructor(host: Host, directory: string) {
    this.#host = host;
    this.directory = directory;
  }

  /** Directory name of a layer. */
  nameOf(diffId: string): string {
    return diffId.slice("sha256:".length, "sha256:".length + layerNameDigits);
  }

  /** Bytes of the layer's tar; undefined when it is not here. */
  async size(diffId: string): Promise<number | undefined> {
    const sizeBytes = this.#sizes.get(diffId) ?? (await this.#readSize(diffId));
    if (sizeBytes === undefined) return undefined;
    this.#sizes.set(diffId, sizeBytes);
    return (await this.#host.files.exists(`${this.directory}/${this.nameOf(diffId)}`))
      ? sizeBytes
      : undefined;
  }

  async #readSize(diffId: string): Promise<number | undefined> {
    const text = await this.#host.files.read(`${this.directory}/${this.nameOf(diffId)}.json`);
    if (text === undefined) return undefined;
    const about = JSON.parse(text) as { diffId: string; sizeBytes: number };
    return about.diffId === diffId ? about.sizeBytes : undefined;
  }

  /** Unpacks into staging; `commit` puts it in place. */
  async unpack(
    source: Readable,
    staging: Pick<Staging, "directory">,
    signal?: AbortSignal,
  ): Promise<UnpackedLayer & { path: string }> {
    this.#count += 1;
    const path = `${staging.directory}/layer-${this.#count}`;
    await this.#host.files.makeDirectory(path, { mode: 0o755 });
    return { ...(await unpackLayer(this.#host, source, path, signal)), path };
  }

  /** Another import may have been first: then this copy is dropped. */
  async commit(layer: { path: string; diffId: string; sizeBytes: number }): Promise<void> {
    const name = this.nameOf(layer.diffId);
    if ((await this.size(layer.diffId)) === undefined) {
      try {
        await this.#host.files.rename(layer.path, `${this.directory}/${name}`);
      } catch (error) {
        const code = (error as NodeJS.ErrnoException).code;
        if (code !== "ENOTEMPTY" && code !== "EEXIST") throw error;
      }
      const about = { formatVersion: 1, diffId: layer.diffId, sizeBytes: layer.sizeBytes };
      await this.#host.files.write(`${this.directory}/${name}.json`, JSON.stringify(about));
    }
    await this.#host.files.remove(layer.path);
  }

  /** Directory names of all layers. */
  async names(): Promise<string[]> {
    const entries = await this.#host.files.list(this.directory);
    return entries.filter((name) => /^[0-9a-f]+$/.test(name));
  }

  /** Moves a layer out of the way, in one step; `restore` undoes it. */
  async discard(name: string, trash: string): Promise<void> {
    await this.#host.files.rename(`${this.directory}/${name}`, `${trash}/${name}`);
  }

  async restore(name: string, trash: string): Promise<void> {
    await this.#host.files.rename(`${trash}/${name}`, `${this.directory}/${name}`);
  }

  async forget(name: string): Promise<void> {
    await this.#host.files.remove(`${this.directory}/${name}.json`);
  }
}
