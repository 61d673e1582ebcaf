import type { Context } from "../context.ts";
import type { BenchCluster } from "./bench-cluster.ts";

/** Where pods lie that nobody starts. A namespace of their own for each number, so that lists are of a known size. */
export function podsPath(namespace: string): string {
  return `/api/v1/namespaces/${namespace}/pods`;
}

/** Makes a namespace that can take pods: with the service account that they get. */
export async function makeNamespace({ machine }: BenchCluster, name: string): Promise<void> {
  await machine.kubectl("create", "namespace", name);
  await machine.kubectl("wait", "--for=create", "--timeout=20s", `-n=${name}`, "serviceaccount/default");
}

/** A namespace with so many pods, filled once however many rows ask. Resolves with its name. */
export function restingPods(context: Context, cluster: BenchCluster, count: number): Promise<string> {
  const name = `bench-${count}`;
  return context.once(name, async () => {
    await makeNamespace(cluster, name);
    const requests = { type: "create-pods", path: podsPath(name), prefix: "pod" } as const;
    await cluster.load(
      { protocol: "http/1.1", connections: 16, requests, until: { count } },
      cluster.endpoint,
    );
    return name;
  });
}

/** Deletes a namespace's pods at once: none of them ever ran. */
export async function removePods({ machine }: BenchCluster, name: string): Promise<void> {
  await machine.kubectl("delete", "--raw", `${podsPath(name)}?gracePeriodSeconds=0`);
}
