import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { type ConfigMap, configMaps, type Pod, pods } from "#api";
import { seededRandom, silentLogger } from "#base";
import { FakeApiServer, settled, VirtualClock } from "#testing";
import { createClient } from "./create-client.ts";
import { Informers } from "./informers.ts";

function newWorld(t: TestContext) {
  const clock = new VirtualClock();
  const random = seededRandom(1);
  const server = new FakeApiServer(clock);
  const client = createClient({ transport: server, clock, random });
  const ended = new AbortController();
  t.after(() => ended.abort());
  const informers = new Informers({ client, clock, random, logger: silentLogger, signal: ended.signal });
  return { clock, server, client, informers, ended };
}

function configMap(name: string, value = "1"): ConfigMap {
  return { metadata: { name, namespace: "shop" }, data: { value } };
}

test("it holds what is there and follows what changes", async (t) => {
  const { client, informers } = newWorld(t);
  const api = client.resource(configMaps, "shop");
  await api.create(configMap("old"));
  const informer = informers.of(configMaps);
  const seen: string[] = [];
  informer.addHandler({
    added: (object) => seen.push(`+${object.metadata?.name}`),
    updated: (object, old) => seen.push(`~${object.metadata?.name} ${old.data?.value}→${object.data?.value}`),
    deleted: (object) => seen.push(`-${object.metadata?.name}`),
  });
  await informer.synced;
  await settled();
  await api.create(configMap("new"));
  await api.update(configMap("new", "2"));
  await api.delete("old");
  await settled();
  assert.deepEqual(seen, ["+old", "+new", "~new 1→2", "-old"]);
  assert.deepEqual(
    informer.list("shop").map((object) => object.metadata?.name),
    ["new"],
  );
});

test("a broken watch resumes at its revision without listing again", async (t) => {
  const { clock, server, client, informers } = newWorld(t);
  const informer = informers.of(configMaps);
  await informer.synced;
  await settled();
  server.breakWatches();
  await client.resource(configMaps, "shop").create(configMap("meanwhile"));
  await clock.advance(1000);
  assert.ok(informer.get("meanwhile", "shop"));
  const lists = server.requests.filter(
    (request) => request.method === "GET" && !request.path.includes("watch"),
  );
  assert.equal(lists.length, 1);
});

test("when history is gone it lists again and tells the differences", async (t) => {
  const { clock, server, client, informers } = newWorld(t);
  const api = client.resource(configMaps, "shop");
  await api.create(configMap("stays"));
  await api.create(configMap("goes"));
  const informer = informers.of(configMaps);
  await informer.synced;
  await settled();
  const seen: string[] = [];
  informer.addHandler({
    added: (object) => seen.push(`+${object.metadata?.name}`),
    deleted: (object) => seen.push(`-${object.metadata?.name}`),
  });
  seen.length = 0;
  server.breakWatches();
  await api.delete("goes");
  await api.create(configMap("comes"));
  server.compact();
  await clock.advance(1000);
  assert.deepEqual(seen, ["-goes", "+comes"]);
});

test("own writes are in the cache before the call returns", async (t) => {
  const { server, informers } = newWorld(t);
  const informer = informers.of(configMaps);
  await informer.synced;
  await settled();
  server.breakWatches();
  const api = informers.client().resource(configMaps, "shop");
  await api.create(configMap("mine"));
  assert.equal(informer.get("mine", "shop")?.data?.value, "1");
  await api.update(configMap("mine", "2"));
  assert.equal(informer.get("mine", "shop")?.data?.value, "2");
  const uid = informer.get("mine", "shop")?.metadata?.uid as string;
  await api.delete("mine", { preconditions: { uid } });
  assert.equal(informer.get("mine", "shop"), undefined);
});

test("late events do not take back what own writes have done", async (t) => {
  const { clock, server, informers } = newWorld(t);
  const informer = informers.of(configMaps);
  await informer.synced;
  await settled();
  server.breakWatches();
  const told: string[] = [];
  informer.addHandler({
    added: () => told.push("added"),
    updated: () => told.push("updated"),
    deleted: () => told.push("deleted"),
  });
  const api = informers.client().resource(configMaps, "shop");
  const created = await api.create(configMap("mine"));
  await api.update(configMap("mine", "2"));
  await api.delete("mine", { preconditions: { uid: created.metadata?.uid as string } });
  await clock.advance(1000);
  assert.deepEqual(told, ["added", "updated", "deleted"]);
  assert.equal(informer.size, 0);
  await api.create(configMap("mine", "3"));
  await settled();
  assert.equal(informer.get("mine", "shop")?.data?.value, "3");
});

test("an object that was replaced under its name is told as deleted and added", async (t) => {
  const { clock, server, client, informers } = newWorld(t);
  const api = client.resource(configMaps, "shop");
  await api.create(configMap("same"));
  const informer = informers.of(configMaps);
  await informer.synced;
  await settled();
  const told: string[] = [];
  informer.addHandler({
    added: (object) => told.push(`+${object.metadata?.uid}`),
    deleted: (object) => told.push(`-${object.metadata?.uid}`),
  });
  const first = informer.get("same", "shop")?.metadata?.uid;
  server.breakWatches();
  await api.delete("same");
  await api.create(configMap("same"));
  server.compact();
  await clock.advance(1000);
  const second = informer.get("same", "shop")?.metadata?.uid;
  assert.notEqual(first, second);
  assert.deepEqual(told, [`+${first}`, `-${first}`, `+${second}`]);
});

test("indexes follow every change", async (t) => {
  const { client, informers } = newWorld(t);
  const byNode = (pod: Pod) => (pod.spec?.nodeName ? [pod.spec.nodeName] : []);
  const informer = informers.of(pods).addIndex("node", byNode);
  await informer.synced;
  await settled();
  const api = client.resource(pods, "shop");
  await api.create({ metadata: { name: "a" }, spec: { containers: [] } });
  await settled();
  assert.equal(informer.byIndex("node", "n1").length, 0);
  const target = { apiVersion: "v1", kind: "Binding", target: { kind: "Node", name: "n1" } };
  await api.postSubresource("a", "binding", target);
  await settled();
  assert.equal(informer.byIndex("node", "n1").length, 1);
  await api.delete("a", { gracePeriodSeconds: 0 });
  await settled();
  assert.equal(informer.byIndex("node", "n1").length, 0);
});

test("one informer serves everyone who asks for the same", (t) => {
  const { informers } = newWorld(t);
  assert.equal(informers.of(pods), informers.of(pods));
  assert.equal(informers.metadataOf(pods), informers.of(pods));
  assert.notEqual(informers.of(pods, { namespace: "shop" }), informers.of(pods));
});

test("a server that is down is asked again with growing pauses until it answers", async (t) => {
  const { clock, server, informers } = newWorld(t);
  server.fault = () => {
    throw new Error("down");
  };
  const informer = informers.of(pods);
  await clock.advance(60_000);
  assert.ok(!informer.isSynced);
  assert.ok(server.requests.length < 40, `${server.requests.length} attempts in a minute`);
  server.fault = () => {};
  await clock.advance(10_000);
  assert.ok(informer.isSynced);
});

test("of objects is kept what those who share the informer read, and never who manages their fields", async (t) => {
  const { client, informers } = newWorld(t);
  const api = client.resource(configMaps, "shop");
  const managedFields = [{ manager: "someone" }];
  await api.create({ ...configMap("a"), metadata: { name: "a", managedFields }, immutable: true });
  const keep = ({ metadata, data }: ConfigMap): ConfigMap => ({
    ...(metadata ? { metadata } : {}),
    data: data ?? {},
  });
  const informer = informers.of(configMaps, { keep });
  await informer.synced;
  await api.create({ ...configMap("b"), immutable: true });
  await settled();
  for (const name of ["a", "b"]) {
    const kept = informer.get(name, "shop");
    assert.deepEqual(kept?.data, { value: "1" });
    assert.ok(!("immutable" in (kept ?? {})));
    assert.ok(!("managedFields" in (kept?.metadata ?? {})));
  }
  assert.equal(informers.of(configMaps, { keep }), informer);
  assert.throws(() => informers.of(configMaps), /keep the same/);
});

test("one that is made after the end says at once that it will never be synced", async (t) => {
  const { informers, ended } = newWorld(t);
  ended.abort(new Error("it is over"));
  await assert.rejects(informers.of(configMaps).synced, /it is over/);
});
