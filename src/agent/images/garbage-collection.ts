import { type Clock, type Logger, messageOf } from "#base";
import type { Host } from "#host";
import type { ContainerRuntime, Image, ImageStore } from "#runtime";
import { limits } from "../limits.ts";

export interface ImageCollectorOptions {
  readonly host: Host;
  readonly images: ImageStore;
  readonly runtime: ContainerRuntime;
  readonly clock: Clock;
  readonly logger: Logger;
  /** A path on the file system that holds the images. */
  readonly storage: string;
}

/**
 * Removes images that no container uses when the disk is fuller than `imageHighFraction`, those unused for longest
 * first, until it is below `imageLowFraction`. Thin: age counts from when this agent first saw the image.
 */
export class ImageCollector {
  readonly #options: ImageCollectorOptions;
  readonly #usedAt = new Map<string, number>();
  #running = false;

  constructor(options: ImageCollectorOptions) {
    this.#options = options;
  }

  async collect(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    try {
      if ((await this.#fraction()) >= limits.imageHighFraction) await this.#removeUnused();
    } catch (error) {
      this.#options.logger.warn(`collecting images: ${messageOf(error)}`);
    } finally {
      this.#running = false;
    }
  }

  async #removeUnused(): Promise<void> {
    const { images, runtime, clock, logger } = this.#options;
    const now = clock.monotonicMs();
    const used = new Set((await runtime.containers()).map((container) => container.image));
    const candidates: Image[] = [];
    for (const image of await images.list()) {
      if (!this.#usedAt.has(image.id) || used.has(image.id)) this.#usedAt.set(image.id, now);
      if (now - (this.#usedAt.get(image.id) ?? now) >= limits.imageMinimumAgeMs) candidates.push(image);
    }
    candidates.sort((a, b) => (this.#usedAt.get(a.id) ?? 0) - (this.#usedAt.get(b.id) ?? 0));
    for (const image of candidates) {
      if ((await this.#fraction()) < limits.imageLowFraction) return;
      logger.info(`removing unused image ${image.names[0] ?? image.id}: the disk is nearly full`);
      for (const name of image.names.length > 0 ? image.names : [image.id]) await images.remove(name);
    }
  }

  async #fraction(): Promise<number> {
    const space = await this.#options.host.files.space(this.#options.storage);
    return 1 - space.availableBytes / space.totalBytes;
  }
}
