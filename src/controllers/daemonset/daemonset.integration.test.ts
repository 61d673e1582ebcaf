import assert from "node:assert/strict";
import { test } from "node:test";
import { controllerRevisions, type DaemonSet, daemonSets, type Pod, pods } from "#api";
import { addNode, controlledCluster, inShop, untilAll } from "#testing";

const log: DaemonSet = {
  metadata: { name: "log", namespace: "shop" },
  spec: {
    selector: { matchLabels: { app: "log" } },
    template: {
      metadata: { labels: { app: "log" } },
      spec: { containers: [{ name: "log", image: "log:1" }] },
    },
  },
};

const nodesOf = (all: readonly Pod[]) =>
  inShop(all)
    .filter(({ metadata, status }) => status?.phase === "Running" && !metadata?.deletionTimestamp)
    .map(({ spec }) => spec?.nodeName)
    .sort()
    .join();

test("a daemon set follows the nodes that come and go, and drain leaves it alone", async (t) => {
  const { client, informers, run } = await controlledCluster(t);
  await client.resource(daemonSets, "shop").create(log);
  await untilAll(informers, pods, (all) => nodesOf(all) === "n1");
  await addNode(client, "n2");
  await untilAll(informers, pods, (all) => nodesOf(all) === "n1,n2");
  assert.match(await run("drain", "n2", "--ignore-daemonsets", "--timeout=10s"), /drained/);
  await run("uncordon", "n2");
  assert.equal(nodesOf((await client.resource(pods, "shop").list()).items), "n1,n2");
  await run("taint", "node", "n2", "quiet=yes:NoExecute");
  await untilAll(informers, pods, (all) => nodesOf(all) === "n1");
  await run("taint", "node", "n2", "quiet-");
  await untilAll(informers, pods, (all) => nodesOf(all) === "n1,n2");
});

test("kubectl rolls a daemon set out, undoes and restarts it", async (t) => {
  const { client, informers, run } = await controlledCluster(t);
  await addNode(client, "n2");
  await client.resource(daemonSets, "shop").create(log);
  const images = async () =>
    (await client.resource(pods, "shop").list()).items.map(({ spec }) => spec?.containers[0]?.image).sort();
  const rolledOut = async () =>
    assert.match(await run("rollout", "status", "daemonset/log", "--timeout=10s"), /successfully rolled out/);
  await rolledOut();
  await run("set", "image", "daemonset/log", "log=log:2");
  await rolledOut();
  assert.deepEqual(await images(), ["log:2", "log:2"]);
  assert.match(await run("rollout", "history", "daemonset/log"), /^1 [\s\S]*^2 /m);
  await run("rollout", "undo", "daemonset/log");
  await rolledOut();
  assert.deepEqual(await images(), ["log:1", "log:1"]);
  await run("rollout", "restart", "daemonset/log");
  await rolledOut();
  assert.match(await run("get", "daemonset", "log"), /log +2 +2 +2 +2 +2 /);
  await run("delete", "daemonset", "log", "--timeout=10s");
  await untilAll(informers, pods, (all) => inShop(all).length === 0);
  await untilAll(informers, controllerRevisions, (all) => inShop(all).length === 0);
});
