import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import {
  clusterRoleBindings,
  clusterRoles,
  endpointSlices,
  type KubernetesObject,
  namespaces,
  priorityClasses,
  type Resource,
  secrets,
  services,
} from "#api";
import { must, silentLogger, systemClock, systemRandom } from "#base";
import { testCluster } from "#testing";
import { startAggregation } from "../authorization/rbac/aggregation.ts";
import { openKeyRing } from "../encryption/key-ring.ts";
import { secretsTransformer } from "../encryption/secrets-transformer.ts";
import type { ObjectFeed } from "../ports.ts";
import { createSecurity } from "../security.ts";
import { openSigningKey } from "../tokens/signing-key.ts";
import { bootstrap } from "./bootstrap.ts";
import { keepKubernetesService } from "./keep-kubernetes-service.ts";

const directory = mkdtempSync(join(tmpdir(), "nacre-test-bootstrap-"));
after(() => rmSync(directory, { recursive: true }));
const advertised = { address: "10.244.0.1", port: 6443, clusterIP: "10.96.0.1" };
const masters = { name: "root", groups: ["system:masters", "system:authenticated"] };

async function world() {
  const options = { clock: systemClock, random: systemRandom };
  const keys = openKeyRing(join(directory, "encryption-keys.json"), systemRandom);
  const cluster = await testCluster({
    security: createSecurity({
      ...options,
      signingKey: openSigningKey(directory),
      serviceRange: "10.96.0.0/16",
    }),
    transformers: [secretsTransformer(keys, systemRandom)],
    namespaces: [],
  });
  const { feed: read, writer } = cluster.server;
  const start = (server = advertised) => bootstrap({ read, writer, advertised: server });
  return { ...cluster, client: cluster.clientAs(masters), read, writer, start };
}

test("a first start makes what every cluster begins with, and the second writes nothing", async () => {
  const { start, read, store, close } = await world();
  const first = await start();
  assert.ok(first.created > 80 && first.updated === 0, JSON.stringify(first));
  for (const name of ["default", "kube-system", "kube-public", "kube-node-lease"])
    assert.ok(read.get(namespaces, name));
  assert.equal(read.get(services, "kubernetes", "default")?.spec?.clusterIP, "10.96.0.1");
  assert.deepEqual(read.get(endpointSlices, "kubernetes", "default")?.endpoints?.[0]?.addresses, [
    "10.244.0.1",
  ]);
  assert.equal(read.get(priorityClasses, "system-node-critical")?.value, 2_000_001_000);
  const before = store.revision;
  assert.deepEqual(await start(), { created: 0, updated: 0 });
  assert.equal(store.revision, before);
  await close();
});

test("the service kubernetes comes back when it is deleted, its addresses when they are changed", async () => {
  const { start, read, writer, client, close } = await world();
  await start();
  const kept = keepKubernetesService({ feed: read, writer, advertised, logger: silentLogger });
  const before = read.get(services, "kubernetes", "default")?.metadata?.uid;
  const back = eventually(read, services, (service) => service.metadata?.uid !== before);
  await client.resource(services, "default").delete("kubernetes");
  assert.equal((await back).spec?.clusterIP, "10.96.0.1");
  const right = eventually(read, endpointSlices, (slice) => slice.endpoints?.length === 1);
  const slice = must(read.get(endpointSlices, "kubernetes", "default"), "it is there");
  await client.resource(endpointSlices, "default").update({ ...slice, endpoints: [] });
  assert.deepEqual((await right).endpoints?.[0]?.addresses, ["10.244.0.1"]);
  kept.close();
  await close();
});

test("the service kubernetes leads to the API server, whatever somebody made of it", async () => {
  const { start, read, writer, client, close } = await world();
  await start();
  const kept = keepKubernetesService({ feed: read, writer, advertised, logger: silentLogger });
  const api = client.resource(services, "default");
  for (const spec of [
    { type: "ExternalName", externalName: "example.com" },
    { selector: { app: "other" } },
  ]) {
    const back = eventually(
      read,
      services,
      (service) => service.spec?.type === "ClusterIP" && !service.spec.selector,
    );
    await api.patch("kubernetes", { type: "merge", patch: { spec } });
    assert.equal((await back).spec?.clusterIP, "10.96.0.1");
  }
  kept.close();
  await close();
});

/** The object `kubernetes` once it is as wanted. */
function eventually<T extends KubernetesObject>(
  feed: ObjectFeed,
  resource: Resource<T>,
  holds: (object: T) => boolean,
): Promise<T> {
  const { promise, resolve } = Promise.withResolvers<T>();
  const only = { name: "kubernetes", namespace: "default" };
  let first = true;
  const follow = feed.follow<T>(
    resource,
    ({ object }) => {
      if (!first && object && holds(object)) resolve(object);
    },
    only,
  );
  first = false;
  return promise.finally(() => follow.close());
}

test("another address is written into the slice, and nothing else", async () => {
  const { start, read, close } = await world();
  await start();
  assert.deepEqual(await start({ ...advertised, address: "10.244.9.1" }), { created: 0, updated: 2 });
  assert.deepEqual(read.get(endpointSlices, "kubernetes", "default")?.endpoints?.[0]?.addresses, [
    "10.244.9.1",
  ]);
  await close();
});

test("a default role gets lost rules back and keeps added ones, unless it is told not to be touched", async () => {
  const { start, read, client, close } = await world();
  await start();
  const roles = client.resource(clusterRoles);
  const view = must(read.get(clusterRoles, "system:discovery"), "there");
  const own = { verbs: ["get"], apiGroups: ["example.com"], resources: ["shops"] };
  await roles.update({ ...view, rules: [own] });
  assert.equal((await start()).updated, 1);
  const restored = await roles.get("system:discovery");
  assert.ok(restored.rules?.some((rule) => rule.resources?.includes("shops")));
  assert.ok(restored.rules?.some((rule) => rule.nonResourceURLs?.includes("/apis")));
  const annotations = { "rbac.authorization.kubernetes.io/autoupdate": "false" };
  await roles.update({ ...restored, metadata: { ...restored.metadata, annotations }, rules: [own] });
  const bindings = client.resource(clusterRoleBindings);
  const binding = await bindings.get("system:basic-user");
  await bindings.update({ ...binding, subjects: [] });
  assert.deepEqual(await start(), { created: 0, updated: 1 });
  assert.equal((await roles.get("system:discovery")).rules?.length, 1);
  await close();
});

test("aggregated roles are whole from the start; the aggregation has nothing to do", async () => {
  const { start, read, writer, store, close } = await world();
  await start();
  const before = store.revision;
  const aggregation = startAggregation(read, writer, silentLogger);
  await new Promise(setImmediate);
  assert.equal(store.revision, before);
  assert.ok(read.get(clusterRoles, "admin")?.rules?.some((rule) => rule.resources?.includes("pods/log")));
  aggregation.close();
  await close();
});

test("with everything on, roles decide, secrets are sealed, and services get their addresses", async () => {
  const { start, client, clientAs, store, close } = await world();
  await start();
  const ada = clientAs({ name: "ada", groups: ["system:authenticated"] });
  await assert.rejects(ada.resource(secrets, "default").list(), {
    message:
      'secrets is forbidden: User "ada" cannot list resource "secrets" in API group "" in the namespace "default"',
  });
  await client
    .resource(secrets, "default")
    .create({ metadata: { name: "s" }, data: { password: "c2VjcmV0" } });
  const entry = must(store.snapshot().get("/registry/core/secrets/default/s"), "stored");
  assert.equal(Buffer.from(entry.value).includes("c2VjcmV0"), false);
  assert.equal((await client.resource(secrets, "default").get("s")).data?.password, "c2VjcmV0");
  const web = await client
    .resource(services, "default")
    .create({ metadata: { name: "web" }, spec: { ports: [{ port: 80 }] } });
  assert.match(web.spec?.clusterIP ?? "", /^10\.96\./);
  await close();
});
