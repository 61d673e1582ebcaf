import type { Host } from "#host";

/** Where everything of one cluster lies below its data directory. All of it 0700, secrets 0600. */
export interface Layout {
  readonly data: string;
  readonly config: string;
  readonly pki: string;
  readonly store: string;
  readonly kubeconfigs: string;
  readonly logs: string;
  /** Process ids of the programs. */
  readonly run: string;
  readonly runtime: string;
  /** What means nothing after a reboot, and secrets that must not reach a disk: on a tmpfs wherever `/run` is one. */
  readonly memory: string;
  readonly runtimeRun: string;
  readonly agent: string;
  readonly network: string;
  readonly dns: string;
  readonly compileCache: string;
}

/** `data` is absolute, without a slash at its end. */
export function layoutOf(data: string): Layout {
  const memory = `/run/nacre/${data.replaceAll("/", "-").replace(/^-/, "")}`;
  return {
    data,
    config: `${data}/cluster.json`,
    pki: `${data}/pki`,
    store: `${data}/store`,
    kubeconfigs: `${data}/kubeconfig`,
    logs: `${data}/logs`,
    run: `${data}/run`,
    runtime: `${data}/runtime`,
    memory,
    runtimeRun: `${memory}/runtime`,
    agent: `${data}/agent`,
    network: `${data}/network`,
    dns: `${data}/dns`,
    compileCache: `${data}/cache/compiled`,
  };
}

/** The programs that a cluster on one machine may have, in the order in which they are started. */
export const allPrograms = ["control-plane", "agent", "controllers", "dns", "fake-nodes"] as const;

export type ProgramName = (typeof allPrograms)[number];

/** Who has a kubeconfig of their own. */
export type KubeconfigName = "admin" | "controllers" | "scheduler" | "node" | "dns" | "fake-nodes";

/** The programs that this cluster has: one that not every cluster has is there when its kubeconfig is. */
export async function programsOf(host: Host, layout: Layout): Promise<readonly ProgramName[]> {
  const simulates = await host.files.exists(kubeconfigPath(layout, "fake-nodes"));
  return allPrograms.filter((name) => name !== "fake-nodes" || simulates);
}

export function kubeconfigPath(layout: Layout, name: KubeconfigName): string {
  return `${layout.kubeconfigs}/${name}.kubeconfig`;
}
