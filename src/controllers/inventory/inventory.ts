import { customResourceDefinitions, type KubernetesObject, type Resource } from "#api";
import { isAborted, messageOf } from "#base";
import { discover, type Informer } from "#client";
import type { ControllerContext } from "../context.ts";
import { discoveryRetryMs } from "../limits.ts";

/** One kind that the server serves, and the metadata of all its objects. */
export interface Stock {
  readonly resource: Resource;
  readonly informer: Informer<KubernetesObject>;
}

/**
 * The metadata of every object of every kind that can be deleted: what the garbage collector and the namespace controller work
 * on. Kinds come and go with CustomResourceDefinitions; kinds that others watch in full are shared with them. While
 * nothing changes it costs nothing.
 */
export class Inventory {
  readonly #context: ControllerContext;
  readonly #stocks = new Map<string, Stock>();
  readonly #listeners = new Set<(stock: Stock) => void>();
  readonly #ready: Promise<void>;
  #failure: string | undefined;

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#ready = this.#start();
    this.#ready.catch(() => {});
  }

  /** Resolves when the first discovery has been made and every kind found is synced. */
  async synced(): Promise<void> {
    await this.#ready;
    await Promise.all(Array.from(this.#stocks.values(), ({ informer }) => informer.synced));
  }

  get stocks(): Iterable<Stock> {
    return this.#stocks.values();
  }

  /** Why the last discovery failed; undefined when it did not. */
  get failure(): string | undefined {
    return this.#failure;
  }

  /** By what references name: API version and kind. */
  find(apiVersion: string, kind: string): Stock | undefined {
    const group = apiVersion.includes("/") ? apiVersion.slice(0, apiVersion.indexOf("/")) : "";
    for (const stock of this.#stocks.values()) {
      if (stock.resource.kind === kind && stock.resource.group === group) return stock;
    }
    return undefined;
  }

  /** Calls `listener` for every kind there is and every one that comes. */
  onStock(listener: (stock: Stock) => void): () => void {
    for (const stock of this.#stocks.values()) listener(stock);
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async #start(): Promise<void> {
    await this.#discoverUntilDone();
    const { informers, clock } = this.#context;
    let isPending = false;
    const again = () => {
      if (isPending) return;
      isPending = true;
      clock.setTimer(0, () => {
        isPending = false;
        void this.#discoverUntilDone().catch(() => {});
      });
    };
    const definitions = informers.of(customResourceDefinitions);
    await definitions.synced;
    definitions.addHandler({ added: again, updated: again, deleted: again });
  }

  async #discoverUntilDone(): Promise<void> {
    const { clock, logger, signal } = this.#context;
    for (;;) {
      try {
        this.#take(await discover(this.#context.client, signal));
        this.#failure = undefined;
        return;
      } catch (error) {
        if (signal.aborted || isAborted(error)) throw error;
        this.#failure = messageOf(error);
        logger.warn(`asking the server for its kinds: ${this.#failure}`);
        await clock.sleep(discoveryRetryMs, signal);
      }
    }
  }

  #take(resources: readonly Resource[]): void {
    const found = new Set<string>();
    for (const resource of resources.filter(isCollectable)) {
      const id = `${resource.group}/${resource.resource}`;
      found.add(id);
      if (this.#stocks.has(id)) continue;
      const stock = { resource, informer: this.#context.informers.metadataOf(resource) };
      this.#stocks.set(id, stock);
      for (const listener of this.#listeners) listener(stock);
    }
    for (const [id, { resource }] of this.#stocks) {
      if (found.has(id)) continue;
      this.#stocks.delete(id);
      this.#context.informers.drop(resource);
    }
  }
}

/** What can be listed, followed and deleted. Events own nothing, are owned by nobody and are many: they only expire. */
function isCollectable({ group, resource, verbs }: Resource): boolean {
  if (resource === "events" && (group === "" || group === "events.k8s.io")) return false;
  return ["list", "watch", "delete"].every((verb) => verbs.includes(verb));
}
