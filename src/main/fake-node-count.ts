import { fakeNodeKey, nodes } from "#api";
import { isAlreadyExists, isNotFound } from "#base";
import type { Progress } from "#cli";
import type { Client } from "#client";
import { connect } from "#client/node";
import { kubeconfigPath, type Layout, supervisorFor } from "#cluster";
import type { Host } from "#host";
import { fakeNode } from "#simulator/live";

/** Requests under way at a time. */
const parallel = 16;

export interface FakeNodesWanted {
  readonly count: number;
  /** Path of the kubeconfig to ask with. */
  readonly kubeconfig: string;
  readonly steps: Progress;
  readonly signal: AbortSignal;
}

export interface FakeNodesHad {
  readonly count: number;
  readonly changed: boolean;
}

/**
 * Makes or removes fake nodes until the cluster has `count`, all of them ready; with the last one goes the program that simulates
 * them.
 */
export async function haveFakeNodes(
  host: Host,
  layout: Layout,
  wanted: FakeNodesWanted,
): Promise<FakeNodesHad> {
  const { count, kubeconfig, steps, signal } = wanted;
  const { client } = connect({ kubeconfigPath: kubeconfig });
  try {
    const done = await steps.step(`Having ${count} fake nodes`, () => setFakeNodes(client, count, signal));
    if (count === 0 && done.others === 0) await dropProgram(host, layout);
    return { count, changed: done.made + done.removed > 0 };
  } finally {
    await client.close();
  }
}

/** Without its kubeconfig it is no program of the cluster. */
async function dropProgram(host: Host, layout: Layout): Promise<void> {
  await host.files.remove(kubeconfigPath(layout, "fake-nodes"));
  await (await supervisorFor(host, layout)).drop("fake-nodes");
}

interface Done {
  readonly made: number;
  readonly removed: number;
  /** Those that somebody made by hand: they stay. */
  readonly others: number;
}

/** Those named `fake-0`, `fake-1` … are `count` afterwards, and ready. */
async function setFakeNodes(client: Client, count: number, signal: AbortSignal): Promise<Done> {
  const api = client.resource(nodes);
  const selection = { labelSelector: `${fakeNodeKey}=true`, signal };
  const { items } = await api.list(selection);
  const numbered = new Set(items.flatMap(({ metadata }) => numberOf(metadata?.name ?? "") ?? []));
  const missing = Array.from({ length: count }, (_, index) => index).filter((index) => !numbered.has(index));
  const surplus = [...numbered].filter((index) => index >= count);
  await eachOf(missing, (index) => api.create(fakeNode(index), { signal }).catch(unless(isAlreadyExists)));
  await eachOf(surplus, (index) => api.delete(`fake-${index}`, { signal }).catch(unless(isNotFound)));
  if (count > 0) await allReady(client, count, signal);
  return { made: missing.length, removed: surplus.length, others: items.length - numbered.size };
}

async function allReady(client: Client, count: number, signal: AbortSignal): Promise<void> {
  const ready = new Set<string>();
  const watched = client.resource(nodes).watch({ labelSelector: `${fakeNodeKey}=true`, signal });
  for await (const { object } of watched) {
    const { name = "" } = object.metadata ?? {};
    const isReady = object.status?.conditions?.some(
      ({ type, status }) => type === "Ready" && status === "True",
    );
    if (isReady && (numberOf(name) ?? count) < count) ready.add(name);
    if (ready.size === count) return;
  }
}

function numberOf(name: string): number | undefined {
  const digits = /^fake-(0|[1-9]\d*)$/.exec(name)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

async function eachOf(indexes: readonly number[], work: (index: number) => Promise<unknown>): Promise<void> {
  const waiting = indexes.values();
  const worker = async () => {
    for (const index of waiting) await work(index);
  };
  await Promise.all(Array.from({ length: parallel }, worker));
}

function unless(isExpected: (error: unknown) => boolean): (error: unknown) => void {
  return (error) => {
    if (!isExpected(error)) throw error;
  };
}
