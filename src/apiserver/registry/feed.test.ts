import assert from "node:assert/strict";
import { test } from "node:test";
import { type ConfigMap, configMaps } from "#api";
import { testCluster } from "#testing";
import type { ObjectFeed } from "../ports.ts";
import { MemoryFeed } from "../testing/memory-feed.ts";

/** A feed, and how it is filled. */
interface World {
  readonly feed: ObjectFeed;
  put(map: ConfigMap): Promise<unknown>;
  delete(name: string): Promise<unknown>;
  close(): Promise<void>;
}

const worlds: Readonly<Record<string, () => Promise<World>>> = {
  async "of a store"() {
    const cluster = await testCluster();
    const api = cluster.client.resource(configMaps, "default");
    return {
      feed: cluster.server.feed,
      put: (map) => api.create(map),
      delete: (name) => api.delete(name),
      close: () => cluster.close(),
    };
  },
  async "in memory"() {
    const feed = new MemoryFeed();
    return {
      feed,
      put: async (map) => feed.put(configMaps, map),
      delete: async (name) => feed.delete(configMaps, name, "default"),
      close: async () => {},
    };
  },
};

function named(name: string): ConfigMap {
  return { metadata: { name, namespace: "default" } };
}

for (const [which, open] of Object.entries(worlds)) {
  test(`a feed ${which} tells of one object, and of none whose name begins like its`, async () => {
    const world = await open();
    for (const name of ["web", "web-2"]) await world.put(named(name));
    const told: string[] = [];
    const follow = world.feed.follow(
      configMaps,
      ({ object, previous }) =>
        told.push(`${previous?.metadata?.name ?? "-"} → ${object?.metadata?.name ?? "-"}`),
      { name: "web", namespace: "default" },
    );
    assert.deepEqual(told, ["- → web"]);
    await world.put(named("web-3"));
    await world.delete("web");
    await world.put(named("web"));
    assert.deepEqual(told, ["- → web", "web → -", "- → web"]);
    follow.close();
    await world.delete("web");
    assert.equal(told.length, 3);
    await world.close();
  });

  test(`a feed ${which} knows name and labels of a change, and of a deletion those of what was there`, async () => {
    const world = await open();
    const told: unknown[] = [];
    const follow = world.feed.follow(configMaps, ({ metadata: { name, labels } }) => {
      if (name === "web") told.push(labels);
    });
    await world.put({ metadata: { ...named("web").metadata, labels: { app: "web" } } });
    await world.delete("web");
    assert.deepEqual(told, [{ app: "web" }, { app: "web" }]);
    follow.close();
    await world.close();
  });
}
