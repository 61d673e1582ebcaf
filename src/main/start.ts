import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ensurePki } from "#apiserver/pki";
import type { Clock, Random } from "#base";
import {
  apiServiceAddressOf,
  type ClusterConfig,
  type Layout,
  type ProgramName,
  programFlags,
  programsOf,
  supervisorFor,
} from "#cluster";
import type { Host } from "#host";
import { gatewayAddress } from "#network";

/** Identities for all programs and for the person; returns the person's kubeconfig. Reads only, when all is there. */
export function makeKubeconfigs(layout: Layout, config: ClusterConfig, options: PkiOptions): KubeconfigText {
  const { kubeconfigs } = pkiOf(layout, config, options);
  return { path: kubeconfigs.admin, text: readFileSync(kubeconfigs.admin, "utf8") };
}

/** The cluster's certificates, made where they are missing. */
export function pkiOf(
  layout: Layout,
  config: ClusterConfig,
  { clock, random, optional = [] }: PkiOptions,
): ReturnType<typeof ensurePki> {
  return ensurePki({
    directory: layout.pki,
    kubeconfigDirectory: layout.kubeconfigs,
    clusterName: config.name,
    server: `https://127.0.0.1:${config.port}`,
    nodeName: config.nodeName,
    servingNames: [
      gatewayAddress(config),
      apiServiceAddressOf(config),
      ...config.listen.filter((address) => address !== "0.0.0.0"),
    ],
    optional,
    clock,
    random,
  });
}

export interface PkiOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** Programs with an identity that not every cluster has. */
  readonly optional?: readonly "fake-nodes"[];
}

/** The person's kubeconfig: the file, and what is in it. */
export interface KubeconfigText {
  readonly path: string;
  readonly text: string;
}

/** Starts the named programs, unless they run, each under its supervisor. */
export async function startPrograms(
  host: Host,
  layout: Layout,
  names: readonly ProgramName[],
): Promise<void> {
  const supervisor = await supervisorFor(host, layout);
  const programs = await programsOf(host, layout);
  await supervisor.start(
    programs.map((name) => ({
      name,
      node: process.execPath,
      arguments: [...programFlags(name), join(import.meta.dirname, `${name}.ts`), layout.data],
      environment: programEnvironment(layout),
    })),
    names,
  );
}

/**
 * Compiled code is shared by all clusters of an installation, so that a new one starts as fast as an old one: Node's
 * type stripper alone would take 16 MB of every program. One arena for malloc saves 2 MB a program.
 */
function programEnvironment(layout: Layout): Record<string, string> {
  return {
    NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? layout.compileCache,
    MALLOC_ARENA_MAX: "1",
    PATH: process.env.PATH ?? "",
  };
}
