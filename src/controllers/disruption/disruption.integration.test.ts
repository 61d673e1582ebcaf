import assert from "node:assert/strict";
import { test } from "node:test";
import { type Deployment, deployments, isPodReady, podDisruptionBudgets, pods } from "#api";
import { addNode, controlledCluster, inShop, untilAll } from "#testing";

function web(replicas: number): Deployment {
  return {
    metadata: { name: "web", namespace: "shop" },
    spec: {
      replicas,
      selector: { matchLabels: { app: "web" } },
      template: {
        metadata: { labels: { app: "web" } },
        spec: { containers: [{ name: "web", image: "web:1" }] },
      },
    },
  };
}

test("a budget follows its pods, and drain takes no more at a time than it allows", async (t) => {
  const { client, informers, run } = await controlledCluster(t);
  await client.resource(deployments, "shop").create(web(2));
  await run("create", "poddisruptionbudget", "web", "--selector=app=web", "--max-unavailable=1");
  await untilAll(informers, podDisruptionBudgets, ([budget]) => budget?.status?.disruptionsAllowed === 1);
  assert.match(await run("get", "pdb", "web"), /web +N\/A +1 +1 /);

  await client
    .resource(deployments, "shop")
    .patch("web", { type: "merge", patch: { spec: { replicas: 3 } } });
  await untilAll(
    informers,
    podDisruptionBudgets,
    ([budget]) => budget?.status?.expectedPods === 3 && budget.status.disruptionsAllowed === 1,
  );

  await addNode(client, "n2");
  let fewest = 3;
  const look = () => {
    const healthy = inShop(informers.of(pods).list()).filter(
      (pod) => isPodReady(pod) && !pod.metadata?.deletionTimestamp,
    );
    fewest = Math.min(fewest, healthy.length);
  };
  informers.of(pods).addHandler({ updated: look, deleted: look });
  assert.match(await run("drain", "n1", "--timeout=60s"), /node\/n1 drained/);
  assert.equal(fewest, 2);
  await untilAll(
    informers,
    pods,
    (all) => inShop(all).filter((pod) => isPodReady(pod) && pod.spec?.nodeName === "n2").length === 3,
  );
  assert.match(await run("uncordon", "n1"), /uncordoned/);
});
