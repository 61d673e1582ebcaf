import type { Host } from "#host";

/** What must not be collected, and on whose behalf. */
export interface Lease {
  readonly formatVersion: 1;
  /** Image ids. */
  readonly images: readonly string[];
  /** Layers by digest. */
  readonly layers: readonly string[];
  /** The process whose end ends the lease; absent for a container's, which lasts until it is released. */
  readonly holder?: { readonly pid: number; readonly startTime: string };
}

/**
 * Leases keep content from garbage collection while something is made of it: an import under way, a container. One file each; a
 * lease whose process is gone counts for nothing.
 */
export class Leases {
  readonly #host: Host;
  readonly #directory: string;

  constructor(host: Host, directory: string) {
    this.#host = host;
    this.#directory = directory;
  }

  prepare(): Promise<void> {
    return this.#host.files.makeDirectory(this.#directory, { mode: 0o700 });
  }

  write(name: string, lease: Lease): Promise<void> {
    return this.#host.files.write(`${this.#directory}/${name}.json`, JSON.stringify(lease), {
      durable: false,
    });
  }

  release(name: string): Promise<void> {
    return this.#host.files.remove(`${this.#directory}/${name}.json`);
  }

  /** Living leases by name. Drops the dead ones. */
  async living(): Promise<Map<string, Lease>> {
    const found = new Map<string, Lease>();
    for (const entry of await this.#host.files.list(this.#directory)) {
      if (!entry.endsWith(".json")) continue;
      const text = await this.#host.files.read(`${this.#directory}/${entry}`);
      const lease = text === undefined ? undefined : readLease(text);
      const name = entry.slice(0, -".json".length);
      const { holder } = lease ?? {};
      const alive = lease && (!holder || (await this.#host.startTime(holder.pid)) === holder.startTime);
      if (alive) found.set(name, lease);
      else await this.release(name);
    }
    return found;
  }
}

/** A lease is written without fsync: after a loss of power it may be empty, and what it kept is not in use any more. */
function readLease(text: string): Lease | undefined {
  try {
    return JSON.parse(text) as Lease;
  } catch {
    return undefined;
  }
}
