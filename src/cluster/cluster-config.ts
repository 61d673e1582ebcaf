import { ApiError, badRequest } from "#base";
import type { Host } from "#host";

/**
 * What makes one cluster on one machine: its names, ranges and addresses. Written once by the first `nacre up`, read by
 * every program. Names of all that appears on the machine come from here, so clusters can stand side by side.
 */
export interface ClusterConfig {
  readonly formatVersion: 1;
  /** Name of the cluster: names its bridge, table, cgroup and kubeconfig context. */
  readonly name: string;
  readonly nodeName: string;
  /** Addresses besides loopback and the bridge on which the API server listens. Empty: not reachable from outside. */
  readonly listen: readonly string[];
  readonly port: number;
  readonly clusterPodRange: string;
  readonly nodePodRange: string;
  readonly serviceRange: string;
  readonly clusterDomain: string;
  /** RFC 3339. */
  readonly createdAt: string;
}

/** What a person may choose when a cluster is made. */
export interface ClusterChoices {
  readonly name: string;
  readonly nodeName: string;
  readonly listen: readonly string[];
  readonly port: number;
}

export const defaultDataDirectory = "/var/lib/nacre";
export const defaultPort = 6443;

/** The configuration of a new cluster. Throws BadRequest when a choice cannot be. */
export function newClusterConfig(choices: ClusterChoices, createdAt: string): ClusterConfig {
  if (!/^[a-z][a-z0-9]{0,11}$/.test(choices.name)) {
    throw badRequest(
      `cannot name a cluster "${choices.name}": 1 to 12 lower-case letters and digits, starting with a letter (it names network devices)`,
    );
  }
  if (!Number.isInteger(choices.port) || choices.port < 1 || choices.port > 65535) {
    throw badRequest(`cannot listen on port ${choices.port}: a port is a number from 1 to 65535`);
  }
  for (const address of choices.listen) {
    if (!/^\d{1,3}(\.\d{1,3}){3}$/.test(address)) {
      throw badRequest(
        `cannot listen on "${address}": give an IPv4 address of this machine, or 0.0.0.0 for all`,
      );
    }
  }
  return {
    formatVersion: 1,
    ...choices,
    clusterPodRange: "10.244.0.0/16",
    nodePodRange: "10.244.0.0/24",
    serviceRange: "10.96.0.0/16",
    clusterDomain: "cluster.local",
    createdAt,
  };
}

/** What a cluster was made with, where it is not what is asked for now: `port 6443`. It is fixed when a cluster is made. */
export function differences(config: ClusterConfig, asked: Partial<ClusterChoices>): readonly string[] {
  const { name, nodeName, port, listen } = asked;
  return [
    ...(name === undefined || name === config.name ? [] : [`name ${config.name}`]),
    ...(nodeName === undefined || nodeName === config.nodeName ? [] : [`node name ${config.nodeName}`]),
    ...(port === undefined || port === config.port ? [] : [`port ${config.port}`]),
    ...(listen === undefined || listen.join() === config.listen.join()
      ? []
      : [config.listen.length === 0 ? "no --listen" : `--listen ${config.listen.join(" --listen ")}`]),
  ];
}

/** Writes what a new cluster is made with, and a copy for the day on which somebody damages it. */
export async function writeClusterConfig(host: Host, path: string, config: ClusterConfig): Promise<void> {
  const text = `${JSON.stringify(config, null, 2)}\n`;
  await host.files.write(copyOf(path), text, { mode: 0o600 });
  await host.files.write(path, text, { mode: 0o600 });
}

function copyOf(path: string): string {
  return `${path}.copy`;
}

/** The cluster in a data directory; undefined when there is none. Throws when what is there cannot be read. */
export async function readClusterConfig(host: Host, path: string): Promise<ClusterConfig | undefined> {
  const text = await host.files.read(path).catch((cause: unknown) => {
    if ((cause as { code?: unknown }).code !== "EACCES") throw cause;
    throw new ApiError(
      "Forbidden",
      `cannot read ${path}: it is root's alone; run the command again with sudo`,
      {
        cause,
      },
    );
  });
  if (text === undefined) return undefined;
  let config: ClusterConfig;
  try {
    config = JSON.parse(text) as ClusterConfig;
  } catch (cause) {
    throw new ApiError(
      "InternalError",
      `cannot read ${path}: it is not JSON; put back the copy that was made with it: cp ${copyOf(path)} ${path}`,
      {
        cause,
      },
    );
  }
  if (config.formatVersion !== 1) {
    throw new ApiError(
      "InternalError",
      `cannot open the cluster in ${path}: it was written by a newer Nacre (format ${config.formatVersion}); use that version`,
    );
  }
  return config;
}
