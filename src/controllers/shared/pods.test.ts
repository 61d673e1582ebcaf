import assert from "node:assert/strict";
import { test } from "node:test";
import { compileLabelSelector, type Pod, pods } from "#api";
import { seededRandom, silentLogger } from "#base";
import { createClient, Informers } from "#client";
import { FakeApiServer, settled, VirtualClock } from "#testing";
import { podInformer, podsWith } from "./pods.ts";

test("pods are found by their labels as by a look at each of them, whatever becomes of them", async (t) => {
  const clock = new VirtualClock();
  const random = seededRandom(1);
  const client = createClient({ transport: new FakeApiServer(clock), clock, random });
  const ended = new AbortController();
  t.after(() => ended.abort());
  const informer = podInformer(
    new Informers({ client, clock, random, logger: silentLogger, signal: ended.signal }),
  );
  await informer.synced;
  const drawn = <T>(all: readonly T[]): T => all[random.uint32() % all.length] as T;
  const api = (namespace: string) => client.resource(pods, namespace);
  const change = async (): Promise<void> => {
    const labels = drawn([undefined, { app: "web" }, { app: "web", tier: "front" }, { app: "db" }]);
    const known = drawn([true, false]) ? drawn(informer.list()) : undefined;
    const namespace = known?.metadata?.namespace ?? drawn(["shop", "office"]);
    const name = known?.metadata?.name ?? `p${random.uint32()}`;
    const pod: Pod = { metadata: { name, ...(labels ? { labels } : {}) }, spec: { containers: [] } };
    if (!known) await api(namespace).create(pod);
    else if (drawn([true, false])) await api(namespace).update(pod);
    else await api(namespace).delete(name);
  };
  const selectors = [
    { matchLabels: { app: "web" } },
    { matchLabels: { app: "web", tier: "front" } },
    { matchExpressions: [{ key: "app", operator: "NotIn", values: ["web"] }] },
    {},
  ].map(compileLabelSelector);
  const names = (found: readonly Pod[]) => found.map(({ metadata }) => metadata?.name).sort();
  for (let step = 0; step < 300; step += 1) {
    await change();
    await settled();
    for (const namespace of ["shop", "office"]) {
      for (const selector of selectors) {
        const wanted = informer.list(namespace).filter(({ metadata }) => selector.matches(metadata?.labels));
        assert.deepEqual(names(podsWith(informer, namespace, selector)), names(wanted));
      }
    }
  }
  assert.ok(informer.size > 10);
});
