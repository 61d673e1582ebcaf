import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { testAdmin, testCluster } from "#testing";
import { type Asked, asking, configMapNamed, podNamed } from "../testing/ask.ts";

const cluster = await testCluster();
const ask = asking(cluster.server.transport(testAdmin));
after(() => cluster.close());

const maps = "/api/v1/namespaces/default/configmaps";
const pods = "/api/v1/namespaces/default/pods";

before(async () => {
  for (const name of ["a", "b", "c", "d", "e"]) {
    await ask(
      `POST ${maps}`,
      configMapNamed(name, {}, { labels: { half: name < "c" ? "first" : "second" } }),
    );
  }
  await ask("POST /api/v1/namespaces/kube-system/configmaps", configMapNamed("z"));
  await ask(`POST ${pods}`, podNamed("free"));
  await ask(`POST ${pods}`, podNamed("placed", { spec: { nodeName: "n1" } }));
});

test("a list holds the objects of its scope, in order, at one version", async () => {
  const { body } = await ask(`GET ${maps}`);
  assert.equal(body.kind, "ConfigMapList");
  assert.deepEqual(names(body), ["a", "b", "c", "d", "e"]);
  assert.equal(body.metadata?.resourceVersion, String(cluster.store.revision));
  assert.deepEqual(names((await ask("GET /api/v1/configmaps")).body), ["a", "b", "c", "d", "e", "z"]);
});

test("label and field selectors choose", async () => {
  const chosen = async (line: string) => names((await ask(`GET ${line}`)).body);
  assert.deepEqual(await chosen(`${maps}?labelSelector=half%3Dfirst`), ["a", "b"]);
  assert.deepEqual(await chosen(`${maps}?labelSelector=half+notin+(first)`), ["c", "d", "e"]);
  assert.deepEqual(await chosen(`${maps}?fieldSelector=metadata.name%3Db`), ["b"]);
  assert.deepEqual(await chosen("/api/v1/configmaps?fieldSelector=metadata.namespace!%3Ddefault"), ["z"]);
  assert.deepEqual(await chosen("/api/v1/configmaps?fieldSelector=metadata.name%3Dz"), ["z"]);
  assert.deepEqual(await chosen(`${pods}?fieldSelector=spec.nodeName%3Dn1`), ["placed"]);
  assert.deepEqual(await chosen(`${pods}?fieldSelector=spec.nodeName%3D`), ["free"]);
  assert.equal((await ask(`GET ${maps}?labelSelector=a%3D%3D%3D`)).status, 400);
  assert.equal((await ask(`GET ${maps}?fieldSelector=spec.color%3Dred`)).status, 400);
});

test("pages show one moment, whatever is written in between", async () => {
  const first = await ask(`GET ${maps}?limit=2`);
  assert.deepEqual(names(first.body), ["a", "b"]);
  assert.equal(metadataOf(first).remainingItemCount, 3);
  await ask(`POST ${maps}`, configMapNamed("bb"));
  await ask(`DELETE ${maps}/c`);
  const second = await ask(`GET ${maps}?limit=2&continue=${metadataOf(first).continue}`);
  assert.deepEqual(names(second.body), ["c", "d"]);
  const last = await ask(`GET ${maps}?limit=2&continue=${metadataOf(second).continue}`);
  assert.deepEqual(names(last.body), ["e"]);
  assert.equal(metadataOf(last).continue, undefined);
  assert.equal(last.body.metadata?.resourceVersion, first.body.metadata?.resourceVersion);
  await ask(`POST ${maps}`, configMapNamed("c", {}, { labels: { half: "second" } }));
  await ask(`DELETE ${maps}/bb`);
});

test("pages with a selector are as full as they can be", async () => {
  const line = `GET ${maps}?labelSelector=half%3Dsecond&limit=2`;
  const first = await ask(line);
  assert.deepEqual(names(first.body), ["c", "d"]);
  assert.equal(metadataOf(first).remainingItemCount, undefined);
  const second = await ask(`${line}&continue=${metadataOf(first).continue}`);
  assert.deepEqual(names(second.body), ["e"]);
  assert.equal(metadataOf(second).continue, undefined);
});

test("a page whose moment is forgotten is gone, and says how to go on", async () => {
  const first = await ask(`GET ${maps}?limit=2`);
  await ask(`PUT ${maps}/a`, configMapNamed("a", { changed: "1" }, { labels: { half: "first" } }));
  await cluster.store.compact(cluster.store.revision);
  const gone = await ask(`GET ${maps}?limit=2&continue=${metadataOf(first).continue}`);
  assert.equal(gone.status, 410);
  assert.equal(gone.body.reason, "Expired");
  const onward = await ask(`GET ${maps}?limit=2&continue=${metadataOf(gone).continue}`);
  assert.deepEqual(names(onward.body), ["c", "d"]);
});

test("a list at a version is that version's, when it is to match exactly", async () => {
  const { revision } = cluster.store;
  await ask(`POST ${maps}`, configMapNamed("later"));
  const exact = await ask(`GET ${maps}?resourceVersion=${revision}&resourceVersionMatch=Exact`);
  assert.ok(!names(exact.body).includes("later"));
  const newer = await ask(`GET ${maps}?resourceVersion=${revision}&resourceVersionMatch=NotOlderThan`);
  assert.ok(names(newer.body).includes("later"));
  assert.ok(names((await ask(`GET ${maps}?resourceVersion=0`)).body).includes("later"));
});

test("rules about versions are upheld", async () => {
  const first = await ask(`GET ${maps}?limit=1`);
  for (const query of [
    "resourceVersionMatch=Exact",
    "resourceVersion=0&resourceVersionMatch=Exact",
    "resourceVersion=1&resourceVersionMatch=Odd",
    "resourceVersion=abc",
    "continue=nonsense",
    `continue=${metadataOf(first).continue}&resourceVersion=1`,
    "limit=many",
  ]) {
    assert.equal((await ask(`GET ${maps}?${query}`)).status, 400, query);
  }
});

function names(body: Asked["body"]): string[] {
  return body.items?.map((item) => item.metadata?.name ?? "") ?? [];
}

function metadataOf({ body }: Asked): { continue?: string; remainingItemCount?: number } {
  return body.metadata as { continue?: string; remainingItemCount?: number };
}
