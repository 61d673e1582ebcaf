import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { type KubernetesObject, namespaces, nodes, type Pod, type Resource, serviceAccounts } from "#api";
import { seededRandom, silentLogger, silentMetrics, systemClock } from "#base";
import { type Client, Informers } from "#client";
import { startControllers } from "#controllers";
import { startScheduler } from "#scheduler";
import { startFakeKubelet } from "./fake-kubelet.ts";
import type { Kubectl } from "./kubernetes-tools.ts";
import { servedCluster } from "./served-cluster.ts";

/** A served cluster with controllers, scheduler, one ready node `n1`, and a namespace `shop` in which pods may be created. */
export interface ControlledCluster {
  /** As the administrator. */
  readonly client: Client;
  readonly informers: Informers;
  readonly kubectl: Kubectl;
  /** kubectl in `shop`, by words that must succeed; what it printed. */
  readonly run: (...words: string[]) => Promise<string>;
}

/** With the real roles and admission rules: the controllers may do what their role allows, and no more. */
export async function controlledCluster(
  t: TestContext,
  options: { readonly ready?: (pod: Pod) => boolean } = {},
): Promise<ControlledCluster> {
  const cluster = await servedCluster({ secured: true });
  const { client } = cluster;
  await client.resource(namespaces).create({ metadata: { name: "shop" } });
  const ended = new AbortController();
  const runtime = {
    client,
    clock: systemClock,
    random: seededRandom(1),
    logger: silentLogger,
    metrics: silentMetrics,
    signal: ended.signal,
  };
  const as = (name: string) => cluster.clientAs({ name, groups: ["system:authenticated"] });
  const running = Promise.all([
    startControllers({
      ...runtime,
      client: as("system:kube-controller-manager"),
      authority: "PEM",
      identity: "c",
    }),
    startScheduler({ ...runtime, client: as("system:kube-scheduler"), identity: "s" }),
  ]);
  await addNode(client, "n1");
  startFakeKubelet({ ...runtime, ...options });
  t.after(async () => {
    ended.abort();
    await running;
    await cluster.close();
  });
  // Pods may be created once their service account is there.
  const informers = new Informers(runtime);
  await untilAll(informers, serviceAccounts, (all) => inShop(all).length === 1);
  const run = async (...words: string[]) => {
    const { stdout, stderr, code } = await cluster.kubectl(["--namespace=shop", ...words]);
    assert.equal(code, 0, `kubectl ${words.join(" ")}: ${stderr}${stdout}`);
    return stdout || stderr;
  };
  return { client, informers, kubectl: cluster.kubectl, run };
}

/** A node that is ready, with room for 110 pods. */
export async function addNode(client: Client, name: string): Promise<void> {
  await client.resource(nodes).create({ metadata: { name } });
  const status = {
    allocatable: { cpu: "4", memory: "8Gi", pods: "110" },
    conditions: [{ type: "Ready", status: "True", reason: "KubeletReady", message: "ready" }],
  };
  await client.resource(nodes).patch(name, { type: "merge", patch: { status } }, { subresource: "status" });
}

/** Resolves as soon as the objects of a kind satisfy `holds`. */
export async function untilAll<T extends KubernetesObject>(
  informers: Informers,
  resource: Resource<T>,
  holds: (objects: readonly T[]) => boolean,
): Promise<void> {
  const informer = informers.of(resource);
  await informer.synced;
  await new Promise<void>((resolve, reject) => {
    const fail = () => reject(new Error(`not reached: ${JSON.stringify(informer.list())}`));
    const timeout = setTimeout(fail, 5000);
    const look = () => {
      if (!holds(informer.list())) return;
      clearTimeout(timeout);
      resolve();
    };
    informer.addHandler({ added: look, updated: look, deleted: look });
    look();
  });
}

/** Those in namespace `shop`. */
export function inShop<T extends KubernetesObject>(objects: readonly T[]): readonly T[] {
  return objects.filter(({ metadata }) => metadata?.namespace === "shop");
}
