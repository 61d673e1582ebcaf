import assert from "node:assert/strict";
import { after, test } from "node:test";
import { systemClock } from "#base";
import { testAdmin, testCluster, VirtualClock } from "#testing";
import { type Asked, asking, configMapNamed, podNamed } from "../testing/ask.ts";

const clock = new VirtualClock(systemClock.now());
const cluster = await testCluster({ clock });
const transport = cluster.server.transport(testAdmin);
const ask = asking(transport);
after(() => cluster.close());

const maps = "/api/v1/namespaces/default/configmaps";
const merge = { "content-type": "application/merge-patch+json" };

test("a watch from a version sees every change after it, in order", async () => {
  const from = cluster.store.revision;
  const events = await watching(`${maps}?watch=1&resourceVersion=${from}`);
  await ask(`POST ${maps}`, configMapNamed("a"));
  await ask(`PATCH ${maps}/a`, { data: { x: "1" } }, merge);
  await ask(`POST /api/v1/namespaces/kube-system/configmaps`, configMapNamed("elsewhere"));
  await ask(`DELETE ${maps}/a`);
  assert.deepEqual(await events.take(3), ["ADDED a", "MODIFIED a", "DELETED a"]);
  const versions = events.seen.map((event) => Number(event.object.metadata?.resourceVersion));
  assert.deepEqual(versions, [from + 1, from + 2, from + 4]);
  await events.stop();
});

test("a watch without a version begins with what there is", async () => {
  await ask(`POST ${maps}`, configMapNamed("there"));
  const events = await watching(`${maps}?watch=true`);
  assert.deepEqual(await events.take(1), ["ADDED there"]);
  await ask(`DELETE ${maps}/there`);
  assert.deepEqual(await events.take(2), ["ADDED there", "DELETED there"]);
  await events.stop();
});

test("a streamed list ends with a bookmark that says so", async () => {
  await ask(`POST ${maps}`, configMapNamed("listed"));
  const query = "watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true";
  const events = await watching(`${maps}?${query}`);
  assert.deepEqual(await events.take(2), ["ADDED listed", "BOOKMARK "]);
  const { metadata } = events.seen[1]?.object ?? {};
  assert.deepEqual(metadata?.annotations, { "k8s.io/initial-events-end": "true" });
  assert.equal(metadata?.resourceVersion, String(cluster.store.revision));
  await events.stop();
  assert.equal((await ask(`GET ${maps}?watch=1&sendInitialEvents=true`)).status, 400);
  await ask(`DELETE ${maps}/listed`);
});

test("an object that begins to match is added, one that ceases to is deleted", async () => {
  const query = `watch=1&resourceVersion=${cluster.store.revision}&labelSelector=on%3Dyes`;
  const events = await watching(`${maps}?${query}`);
  await ask(`POST ${maps}`, configMapNamed("s"));
  await ask(`PATCH ${maps}/s`, { metadata: { labels: { on: "yes" } } }, merge);
  await ask(`PATCH ${maps}/s`, { data: { x: "1" } }, merge);
  await ask(`PATCH ${maps}/s`, { metadata: { labels: { on: "no" } } }, merge);
  const left = cluster.store.revision;
  await ask(`DELETE ${maps}/s`);
  assert.deepEqual(await events.take(3), ["ADDED s", "MODIFIED s", "DELETED s"]);
  assert.equal(events.seen[2]?.object.metadata?.resourceVersion, String(left));
  assert.deepEqual(events.seen[2]?.object.metadata?.labels, { on: "yes" });
  await events.stop();
});

test("managed fields are left out of events for who asks for that, and for nobody else", async () => {
  const query = `${maps}?watch=1&resourceVersion=${cluster.store.revision}`;
  const [lean, whole] = [
    await watching(query, { accept: "application/json;omit=managedFields" }),
    await watching(query),
  ];
  await ask(`POST ${maps}`, configMapNamed("lean", { x: "1" }));
  await ask(`DELETE ${maps}/lean`);
  await lean.take(2);
  await whole.take(2);
  for (const [index, { object }] of whole.seen.entries()) {
    const { managedFields, ...metadata } = object.metadata ?? {};
    assert.ok(managedFields?.length);
    assert.deepEqual(lean.seen[index]?.object, { ...object, metadata });
  }
  await lean.stop();
  await whole.stop();
});

test("a node watches only its own pods", async () => {
  const pods = "/api/v1/namespaces/default/pods";
  const events = await watching("/api/v1/pods?watch=1&fieldSelector=spec.nodeName%3Dn1");
  await ask(`POST ${pods}`, podNamed("p1"));
  await ask(`POST ${pods}`, podNamed("p2", { spec: { nodeName: "n2" } }));
  await ask(`POST ${pods}/p1/binding`, { target: { name: "n1" } });
  assert.deepEqual(await events.take(1), ["ADDED p1"]);
  await events.stop();
});

test("a version that was forgotten ends the watch with 410 in the stream", async () => {
  const from = cluster.store.revision;
  await ask(`POST ${maps}`, configMapNamed("old"));
  await cluster.store.compact(cluster.store.revision);
  const events = await watching(`${maps}?watch=1&resourceVersion=${from}`);
  assert.deepEqual(await events.take(1), ["ERROR "]);
  assert.equal(events.seen[0]?.object.reason, "Expired");
  await events.ended;
});

test("a watch ends when its time is over", async () => {
  const from = cluster.store.revision;
  const events = await watching(`${maps}?watch=1&timeoutSeconds=5&resourceVersion=${from}`);
  await clock.advance(5000);
  await events.ended;
  assert.deepEqual(events.seen, []);
});

test("a quiet watch is told how far the store has come, if it wants to know", async () => {
  const from = cluster.store.revision;
  const events = await watching(`${maps}?watch=1&allowWatchBookmarks=1&resourceVersion=${from}`);
  await ask("POST /api/v1/namespaces/kube-system/configmaps", configMapNamed("other"));
  await clock.advance(60_000);
  assert.deepEqual(await events.take(1), ["BOOKMARK "]);
  assert.equal(events.seen[0]?.object.metadata?.resourceVersion, String(from + 1));
  await events.stop();
});

test("while nothing is written no watch waits for a time, however many want to know", async () => {
  const before = clock.pending;
  const from = cluster.store.revision;
  const query = `?watch=1&allowWatchBookmarks=1&resourceVersion=${from}`;
  const all = [await watching(maps + query), await watching(maps + query)];
  const timeouts = all.length;
  assert.equal(clock.pending, before + timeouts);
  await ask("POST /api/v1/namespaces/kube-system/configmaps", configMapNamed("another"));
  assert.equal(clock.pending, before + timeouts + 1);
  for (const events of all) await events.stop();
  assert.equal(clock.pending, before);
});

test("a table is watched as rows, the columns only once", async () => {
  const accept = { accept: "application/json;as=Table;v=v1;g=meta.k8s.io" };
  const from = cluster.store.revision;
  const events = await watching(`${maps}?watch=1&resourceVersion=${from}`, accept);
  await ask(`POST ${maps}`, configMapNamed("row"));
  await ask(`DELETE ${maps}/row`);
  await events.take(2);
  const [first, second] = events.seen.map((event) => event.object);
  assert.equal(first?.kind, "Table");
  assert.equal(first?.rows?.[0]?.cells[0], "row");
  assert.ok(first?.columnDefinitions?.length);
  assert.equal(second?.columnDefinitions, null);
  await events.stop();
});

test("a reader that does not keep up misses nothing", async () => {
  const from = cluster.store.revision;
  const response = await transport.request({
    method: "GET",
    path: `${maps}?watch=1&resourceVersion=${from}`,
    headers: {},
  });
  const large = "x".repeat(100_000);
  for (let index = 0; index < 30; index++) {
    await ask(`POST ${maps}`, configMapNamed(`big-${index}`, { large }));
  }
  let text = "";
  for await (const chunk of response.body) {
    text += Buffer.from(chunk).toString("utf8");
    if (text.split("\n").length > 30) break;
  }
  const seen = text
    .split("\n")
    .filter(Boolean)
    .map((line) => (JSON.parse(line) as Event).object.metadata?.name);
  assert.deepEqual(
    seen,
    Array.from({ length: 30 }, (_, index) => `big-${index}`),
  );
});

interface Event {
  readonly type: string;
  readonly object: Asked["body"];
}

/** Follows a watch; `take` waits until so many events have come and names them. */
async function watching(path: string, headers: Readonly<Record<string, string>> = {}) {
  const aborting = new AbortController();
  const response = await transport.request({ method: "GET", path, headers, signal: aborting.signal });
  assert.equal(response.status, 200);
  const seen: Event[] = [];
  let wake = () => {};
  const ended = (async () => {
    let rest = "";
    for await (const chunk of response.body) {
      rest += Buffer.from(chunk).toString("utf8");
      const lines = rest.split("\n");
      rest = lines.pop() ?? "";
      seen.push(...lines.map((line) => JSON.parse(line) as Event));
      wake();
    }
  })();
  return {
    seen,
    ended,
    async take(count: number): Promise<string[]> {
      while (seen.length < count) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      return seen.map(({ type, object }) => `${type} ${object.metadata?.name ?? ""}`);
    },
    async stop(): Promise<void> {
      aborting.abort();
      await ended.catch(() => {});
    },
  };
}
