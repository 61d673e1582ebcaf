import { must } from "#base";
import type { Files } from "#host";
import { fifoStock } from "./limits.ts";

type FifoFiles = Pick<Files, "remove" | "makeDirectory" | "makeFifos" | "rename">;

/**
 * FIFOs made in advance, many by one program, and renamed to where they are wanted: making one takes as long as making a whole stock.
 * The directory is on the file system of all that use them, and nobody else's.
 */
export class FifoStock {
  readonly #files: FifoFiles;
  readonly #directory: string;
  readonly #ready: string[] = [];
  #making: Promise<void> | undefined;
  #made = 0;

  private constructor(files: FifoFiles, directory: string) {
    this.#files = files;
    this.#directory = directory;
  }

  /** What an earlier process left of its own stock goes. */
  static async open(files: FifoFiles, directory: string): Promise<FifoStock> {
    await files.remove(directory);
    await files.makeDirectory(directory, { mode: 0o700 });
    return new FifoStock(files, directory);
  }

  /** Puts a FIFO at each path. */
  async put(paths: readonly string[]): Promise<void> {
    await Promise.all(paths.map(async (path) => this.#files.rename(await this.#take(), path)));
  }

  async #take(): Promise<string> {
    while (this.#ready.length === 0) {
      this.#making ??= this.#make().finally(() => {
        this.#making = undefined;
      });
      await this.#making;
    }
    return must(this.#ready.pop(), "just looked");
  }

  async #make(): Promise<void> {
    const paths = Array.from({ length: fifoStock }, (_, index) => `${this.#directory}/${this.#made + index}`);
    this.#made += fifoStock;
    await this.#files.makeFifos(paths);
    this.#ready.push(...paths);
  }
}
