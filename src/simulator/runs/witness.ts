import { type KubernetesObject, pods, type Resource } from "#api";
import { keyOf } from "#apiserver";
import { isExpired, messageOf, type Random } from "#base";
import type { Client, WatchEvent } from "#client";
import { limits } from "../limits.ts";
import { between, randomFor } from "../time/seeds.ts";
import type { KeyChange } from "./history.ts";
import type { World } from "./world.ts";

/**
 * A client that lists and watches like any other, over a network that fails it, and compares what it is told with what happened: every
 * change after the revision it came from, in order, none left out. Told twice is allowed, and "too old, list again".
 */
export class Witness {
  readonly #world: World;
  readonly #client: Client;
  readonly #resource: Resource = pods;
  readonly #prefix: string;
  readonly #random: Random;
  #revision = 0;

  constructor(world: World) {
    this.#world = world;
    this.#client = world.simulation.client("witness");
    this.#prefix = keyOf(this.#resource, "");
    this.#random = randomFor(world.simulation.seed, "witness");
  }

  start(): void {
    void this.#run();
  }

  async #run(): Promise<void> {
    const { clock } = this.#world.simulation;
    for (;;) {
      try {
        if (this.#revision === 0) await this.#list();
        await this.#watch();
      } catch (error) {
        if (isExpired(error)) {
          this.#revision = 0;
          this.#world.count("watches that were too old");
        } else this.#world.simulation.trace.record("witness", messageOf(error));
      }
      await clock.sleep(between(this.#random, limits.witnessPauseMs));
    }
  }

  async #list(): Promise<void> {
    const { items, metadata } = await this.#client.resource(this.#resource).list({ omit: "managedFields" });
    const revision = Number(metadata?.resourceVersion);
    const state = this.#world.history.stateAt(this.#prefix, revision);
    this.#revision = revision;
    this.#world.count("lists compared");
    if (!state) return;
    const named = items.map((one) => [this.#keyOf(one), revisionOf(one)] as const);
    const wrong = named.find(([key, own]) => state.get(key) !== own);
    if (wrong)
      this.#violate(
        `a list at ${revision} had ${wrong[0]} at ${wrong[1]}, but it was ${state.get(wrong[0]) ?? "not there"}`,
      );
    if (named.length !== state.size)
      this.#violate(`a list at ${revision} had ${named.length} objects instead of ${state.size}`);
  }

  async #watch(): Promise<void> {
    const events = this.#client.resource(this.#resource).watch({
      resourceVersion: String(this.#revision),
      allowWatchBookmarks: true,
      omit: "managedFields",
      timeoutSeconds: limits.witnessWatchSeconds,
    });
    for await (const event of events) this.#see(event);
  }

  #see(event: WatchEvent<KubernetesObject>): void {
    const revision = revisionOf(event.object);
    const next = this.#world.history.nextAfter(this.#prefix, this.#revision);
    if (next === "forgotten") {
      this.#revision = Math.max(revision, this.#revision);
      return;
    }
    if (event.type === "BOOKMARK") this.#seeBookmark(revision, next);
    else if (revision === this.#revision) this.#world.count("events told twice");
    else if (revision < this.#revision) this.#violate(`a watch told of ${revision} after ${this.#revision}`);
    else this.#seeChange(event, revision, next);
    this.#revision = Math.max(revision, this.#revision);
  }

  #seeBookmark(revision: number, next: KeyChange | undefined): void {
    if (next && next.revision <= revision) {
      this.#violate(
        `a bookmark promised ${revision}, but ${next.key} changed at ${next.revision} and was not told`,
      );
    }
  }

  #seeChange(event: WatchEvent<KubernetesObject>, revision: number, next: KeyChange | undefined): void {
    const key = this.#keyOf(event.object);
    this.#world.count("events compared");
    if (!next || next.revision > revision)
      this.#violate(`a watch told of ${key} at ${revision}, which never was`);
    else if (next.revision < revision) {
      this.#violate(
        `a watch left out ${next.key} at ${next.revision}: it went from ${this.#revision} to ${revision}`,
      );
    } else if (next.key !== key || (next.type === "delete") !== (event.type === "DELETED")) {
      this.#violate(
        `a watch told at ${revision} of ${event.type} ${key}, but it was a ${next.type} of ${next.key}`,
      );
    }
  }

  #keyOf({ metadata }: KubernetesObject): string {
    return keyOf(this.#resource, metadata?.name ?? "", metadata?.namespace);
  }

  #violate(message: string): void {
    this.#world.violate("watches", message);
  }
}

function revisionOf({ metadata }: KubernetesObject): number {
  return Number(metadata?.resourceVersion);
}
