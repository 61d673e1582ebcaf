import assert from "node:assert/strict";
import { test } from "node:test";
import {
  controllerRevisions,
  type Pod,
  persistentVolumeClaims,
  pods,
  type StatefulSet,
  statefulSets,
} from "#api";
import { controlledCluster, inShop, untilAll } from "#testing";

type Spec = NonNullable<StatefulSet["spec"]>;

function db(more: Partial<Spec> = {}): StatefulSet {
  return {
    metadata: { name: "db", namespace: "shop" },
    spec: {
      replicas: 3,
      serviceName: "db",
      selector: { matchLabels: { app: "db" } },
      template: {
        metadata: { labels: { app: "db" } },
        spec: { containers: [{ name: "db", image: "db:1" }] },
      },
      ...more,
    },
  };
}

const byName = (all: readonly Pod[]) =>
  [...inShop(all)].sort((a, b) => ((a.metadata?.name ?? "") < (b.metadata?.name ?? "") ? -1 : 1));
const namesOf = (all: readonly Pod[]) => byName(all).map(({ metadata }) => metadata?.name);
const imagesOf = (all: readonly Pod[]) => byName(all).map(({ spec }) => spec?.containers[0]?.image);

test("kubectl rolls a stateful set out, shows its history, undoes, restarts and scales it", async (t) => {
  const { client, informers, run } = await controlledCluster(t);
  const listed = async () => (await client.resource(pods, "shop").list()).items;
  const order: string[] = [];
  informers.of(pods).addHandler({ added: ({ metadata }) => order.push(metadata?.name ?? "") });
  await client.resource(statefulSets, "shop").create(db());
  assert.match(
    await run("rollout", "status", "statefulset/db", "--timeout=10s"),
    /roll out complete: 3 new pods have been updated/,
  );
  assert.deepEqual(order, ["db-0", "db-1", "db-2"]);
  assert.match(await run("get", "statefulset", "db"), /db +3\/3/);

  order.length = 0;
  await run("set", "image", "statefulset/db", "db=db:2");
  await run("rollout", "status", "statefulset/db", "--timeout=10s");
  assert.deepEqual(order, ["db-2", "db-1", "db-0"]);
  assert.deepEqual(imagesOf(await listed()), ["db:2", "db:2", "db:2"]);
  const history = await run("rollout", "history", "statefulset/db");
  assert.match(history, /^1 /m);
  assert.match(history, /^2 /m);

  assert.match(await run("rollout", "undo", "statefulset/db"), /rolled back/);
  await run("rollout", "status", "statefulset/db", "--timeout=10s");
  assert.deepEqual(imagesOf(await listed()), ["db:1", "db:1", "db:1"]);
  const revisions = (await client.resource(controllerRevisions, "shop").list()).items;
  assert.deepEqual(revisions.map(({ revision }) => revision).sort(), [2, 3]);

  const before = (await listed()).map(({ metadata }) => metadata?.uid);
  await run("rollout", "restart", "statefulset/db");
  await run("rollout", "status", "statefulset/db", "--timeout=10s");
  assert.ok((await listed()).every(({ metadata }) => !before.includes(metadata?.uid)));

  await run("scale", "statefulset/db", "--replicas=1");
  await untilAll(informers, pods, (all) => namesOf(all).join() === "db-0");
  await run("delete", "statefulset", "db", "--timeout=10s");
  await untilAll(informers, pods, (all) => inShop(all).length === 0);
  await untilAll(informers, controllerRevisions, (all) => inShop(all).length === 0);
});

test("a partition holds an update back, and the revisions beyond the limit go", async (t) => {
  const { client, informers } = await controlledCluster(t);
  const api = client.resource(statefulSets, "shop");
  const rolledTo =
    (count: number) =>
    ([set]: readonly StatefulSet[]) =>
      set?.status?.observedGeneration === set?.metadata?.generation &&
      set?.status?.updatedReplicas === count &&
      set?.status?.readyReplicas === 3;
  await api.create(db({ podManagementPolicy: "Parallel", revisionHistoryLimit: 1 }));
  await untilAll(informers, statefulSets, rolledTo(3));
  const patch = (image: string, partition: number) =>
    api.patch("db", {
      type: "strategic",
      patch: {
        spec: {
          template: { spec: { containers: [{ name: "db", image }] } },
          updateStrategy: { type: "RollingUpdate", rollingUpdate: { partition } },
        },
      },
    });
  await patch("db:2", 2);
  await untilAll(informers, statefulSets, rolledTo(1));
  const { items } = await client.resource(pods, "shop").list();
  assert.deepEqual(imagesOf(items), ["db:1", "db:1", "db:2"]);
  for (const image of ["db:3", "db:4", "db:5"]) {
    await patch(image, 0);
    await untilAll(
      informers,
      statefulSets,
      (all) => rolledTo(3)(all) && all[0]?.status?.currentReplicas === 3,
    );
  }
  await untilAll(informers, controllerRevisions, (all) => inShop(all).length === 2);
});

test("claims are made with the pods, stay when a set shrinks, and go as the policy says", async (t) => {
  const { client, informers } = await controlledCluster(t);
  const api = client.resource(statefulSets, "shop");
  const resources = { requests: { storage: "1Gi" } };
  await api.create(
    db({
      podManagementPolicy: "Parallel",
      replicas: 2,
      volumeClaimTemplates: [
        { metadata: { name: "data" }, spec: { accessModes: ["ReadWriteOnce"], resources } },
      ],
    }),
  );
  const claimNames = (all: readonly { metadata?: { name?: string } }[]) =>
    all
      .map(({ metadata }) => metadata?.name)
      .sort()
      .join();
  await untilAll(
    informers,
    persistentVolumeClaims,
    (all) => claimNames(inShop(all)) === "data-db-0,data-db-1",
  );
  await untilAll(informers, pods, (all) => inShop(all).length === 2);
  await api.patch("db", { type: "merge", patch: { spec: { replicas: 1 } } });
  await untilAll(informers, pods, (all) => namesOf(all).join() === "db-0");
  assert.equal((await client.resource(persistentVolumeClaims, "shop").list()).items.length, 2);

  const policy = { whenDeleted: "Delete", whenScaled: "Delete" };
  await api.patch("db", {
    type: "merge",
    patch: { spec: { replicas: 2, persistentVolumeClaimRetentionPolicy: policy } },
  });
  await untilAll(informers, pods, (all) => inShop(all).length === 2);
  await api.patch("db", { type: "merge", patch: { spec: { replicas: 1 } } });
  await untilAll(informers, persistentVolumeClaims, (all) => claimNames(inShop(all)) === "data-db-0");
  await api.delete("db");
  await untilAll(informers, persistentVolumeClaims, (all) => inShop(all).length === 0);
});
