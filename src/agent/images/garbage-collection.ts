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
  #running: Promise<void> | undefined;

  constructor(options: ImageCollectorOptions) {
    this.#options = options;
  }

  /** Remembers since when images are here. Returns them. */
  notice(images: readonly Image[]): readonly Image[] {
    const now = this.#options.clock.monotonicMs();
    for (const { id } of images) if (!this.#usedAt.has(id)) this.#usedAt.set(id, now);
    return images;
  }

  /** None while the last collection goes on. */
  async collect(): Promise<void> {
    await (this.#running ?? this.#run(() => this.#collect()));
  }

  /** All of them but for those that have just come, whatever room there is: before a pod has to go for it. */
  async removeUnused(): Promise<void> {
    await this.#running;
    await this.#run(() => this.#remove({ until: 0 }));
  }

  #run(work: () => Promise<void>): Promise<void> {
    const running = work()
      .catch((error) => this.#options.logger.warn(`collecting images: ${messageOf(error)}`))
      .finally(() => {
        this.#running = undefined;
      });
    this.#running = running;
    return running;
  }

  async #collect(): Promise<void> {
    if ((await this.#fraction()) >= limits.imageHighFraction)
      await this.#remove({ until: limits.imageLowFraction });
  }

  /** Those unused for longest first, until no more of the disk is taken than that. */
  async #remove({ until }: { readonly until: number }): Promise<void> {
    const { images, runtime, clock, logger } = this.#options;
    const now = clock.monotonicMs();
    const used = new Set((await runtime.containers()).map((container) => container.image));
    const unused: Image[] = [];
    for (const image of this.notice(await images.list())) {
      if (used.has(image.id)) this.#usedAt.set(image.id, now);
      else if (now - this.#since(image) >= limits.imageMinimumAgeMs) unused.push(image);
    }
    unused.sort((a, b) => this.#since(a) - this.#since(b));
    for (const image of unused) {
      if ((await this.#fraction()) < until) return;
      logger.info(`removing unused image ${image.names[0] ?? image.id}: the disk is nearly full`);
      for (const name of image.names.length > 0 ? image.names : [image.id]) await images.remove(name);
    }
  }

  #since({ id }: Image): number {
    return this.#usedAt.get(id) ?? Number.POSITIVE_INFINITY;
  }

  async #fraction(): Promise<number> {
    const space = await this.#options.host.files.space(this.#options.storage);
    return 1 - space.availableBytes / space.totalBytes;
  }
}
