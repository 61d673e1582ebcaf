import assert from "node:assert/strict";
import { test } from "node:test";
import { type ClusterRole, clusterRoles, type KubernetesObject, type Resource } from "#api";
import { silentLogger } from "#base";
import type { ObjectWriter } from "../../ports.ts";
import { MemoryFeed } from "../../testing/memory-feed.ts";
import { defaultClusterRoles } from "../defaults/defaults.ts";
import { rule } from "../defaults/rule.ts";
import { staleAggregates, startAggregation } from "./aggregation.ts";

/** Turns of the event loop are enough: nothing in these tests waits for anything else. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 50; turn += 1) await Promise.resolve();
}

function writerOn(feed: MemoryFeed): ObjectWriter & { writes: number } {
  return {
    writes: 0,
    async create<T extends KubernetesObject>(resource: Resource<T>, object: T) {
      feed.put(resource, object);
      return object;
    },
    async update<T extends KubernetesObject>(resource: Resource<T>, object: T) {
      this.writes += 1;
      feed.put(resource, object);
      return object;
    },
  };
}

function verbsOn(role: ClusterRole | undefined, resource: string): Set<string> {
  const rules = role?.rules ?? [];
  return new Set(rules.filter((each) => each.resources?.includes(resource)).flatMap((each) => each.verbs));
}

test("view flows into edit, and edit into admin; then nothing is written any more", async () => {
  const feed = new MemoryFeed();
  for (const role of defaultClusterRoles()) feed.put(clusterRoles, role);
  const writer = writerOn(feed);
  const aggregation = startAggregation(feed, writer, silentLogger);
  await settled();
  assert.deepEqual(staleAggregates(feed.list(clusterRoles)), []);
  const [view, edit, admin] = ["view", "edit", "admin"].map((name) => feed.get(clusterRoles, name));
  assert.deepEqual([...verbsOn(view, "pods")].sort(), ["get", "list", "watch"]);
  assert.ok(verbsOn(edit, "pods").has("create") && verbsOn(edit, "pods").has("watch"));
  assert.ok(!verbsOn(edit, "roles").has("create") && verbsOn(admin, "roles").has("create"));
  assert.ok(!verbsOn(view, "secrets").has("get") && verbsOn(admin, "secrets").has("get"));
  const before = writer.writes;
  feed.put(clusterRoles, { metadata: { name: "unrelated" }, rules: [] });
  await settled();
  assert.equal(writer.writes, before);
  aggregation.close();
});

test("a role labelled later flows in, and out again when it goes", async () => {
  const feed = new MemoryFeed();
  for (const role of defaultClusterRoles()) feed.put(clusterRoles, role);
  const aggregation = startAggregation(feed, writerOn(feed), silentLogger);
  await settled();
  const labels = { "rbac.authorization.k8s.io/aggregate-to-view": "true" };
  feed.put(clusterRoles, {
    metadata: { name: "shops", labels },
    rules: [rule("get", "example.com", "shops")],
  });
  await settled();
  for (const name of ["view", "edit", "admin"]) {
    assert.ok(verbsOn(feed.get(clusterRoles, name), "shops").has("get"), name);
  }
  feed.delete(clusterRoles, "shops");
  await settled();
  assert.equal(verbsOn(feed.get(clusterRoles, "admin"), "shops").size, 0);
  aggregation.close();
});
