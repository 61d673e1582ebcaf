import type { Layout } from "#cluster";
import type { Host } from "#host";

/** The kubeconfigs that a cluster's context was written into: whoever removes the cluster may have another than who made it. */
export async function mergedKubeconfigs(host: Host, layout: Layout): Promise<readonly string[]> {
  try {
    const paths: unknown = JSON.parse((await host.files.read(listOf(layout))) ?? "[]");
    return Array.isArray(paths) ? paths.filter((path) => typeof path === "string") : [];
  } catch {
    // Damaged: what is in it cannot be told, and the context in the present kubeconfig is found without it.
    return [];
  }
}

/** Remembers one. What lies with the cluster's own data goes with it, and is not remembered. */
export async function rememberKubeconfig(host: Host, layout: Layout, path: string): Promise<void> {
  const known = await mergedKubeconfigs(host, layout);
  if (known.includes(path) || path.startsWith(`${layout.data}/`)) return;
  await host.files.write(listOf(layout), `${JSON.stringify([...known, path], null, 2)}\n`, { mode: 0o600 });
}

function listOf(layout: Layout): string {
  return `${layout.data}/kubeconfigs.json`;
}
