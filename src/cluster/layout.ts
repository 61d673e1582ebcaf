/** Where everything of one cluster lies below its data directory. All of it 0700, secrets 0600. */
export interface Layout {
  readonly data: string;
  readonly config: string;
  readonly pki: string;
  readonly store: string;
  readonly kubeconfigs: string;
  readonly logs: string;
  /** Process ids and other things that mean nothing after a reboot. */
  readonly run: string;
  readonly runtime: string;
  readonly runtimeRun: string;
  readonly agent: string;
  readonly network: string;
  readonly dns: string;
  readonly compileCache: string;
}

export function layoutOf(data: string): Layout {
  return {
    data,
    config: `${data}/cluster.json`,
    pki: `${data}/pki`,
    store: `${data}/store`,
    kubeconfigs: `${data}/kubeconfig`,
    logs: `${data}/logs`,
    run: `${data}/run`,
    runtime: `${data}/runtime`,
    runtimeRun: `${data}/run/runtime`,
    agent: `${data}/agent`,
    network: `${data}/network`,
    dns: `${data}/dns`,
    compileCache: `${data}/cache/compiled`,
  };
}

/** The programs of a cluster on one machine, in the order in which they are started. */
export const programs = ["control-plane", "agent", "controllers", "dns"] as const;

export type ProgramName = (typeof programs)[number];

/** Who has a kubeconfig of their own. */
export type KubeconfigName = "admin" | "controllers" | "scheduler" | "node" | "dns";

export function kubeconfigPath(layout: Layout, name: KubeconfigName): string {
  return `${layout.kubeconfigs}/${name}.kubeconfig`;
}
