import { join } from "node:path";
import type { Clock, Random } from "#base";
import type { KeyPair, Subject } from "./certificate.ts";
import { makeSecretDirectory, readSecretFile, writeSecretFile } from "./files.ts";
import { type Kubeconfig, kubeconfigFor, kubeconfigText } from "./kubeconfig.ts";
import { clusterSubjects, nodeSubject, openPki } from "./pki.ts";

export interface PkiPlan {
  /** Where certificates and keys live (`DATA/pki`). */
  readonly directory: string;
  /** Where kubeconfig files are written (`DATA/kubeconfig`). */
  readonly kubeconfigDirectory: string;
  /** The cluster's name: names the context in kubeconfig files. */
  readonly clusterName: string;
  /** URL under which the cluster's own programs reach the API server. */
  readonly server: string;
  readonly nodeName: string;
  /** Names and addresses of the API server beside localhost and `kubernetes.default.svc`: node and bridge address, 10.96.0.1. */
  readonly servingNames: readonly string[];
  /** Programs that not every cluster has. */
  readonly optional?: readonly "fake-nodes"[];
  readonly clock: Clock;
  readonly random: Random;
}

export interface EnsuredPki {
  /** The authority's certificate, PEM. */
  readonly authority: string;
  readonly serving: KeyPair;
  /** For the person at the keyboard: to be merged into their kubeconfig. */
  readonly adminKubeconfig: Kubeconfig;
  /** Paths of the kubeconfig files, by program. */
  readonly kubeconfigs: Readonly<Record<"admin" | "controllers" | "scheduler" | "node" | "dns", string>>;
}

/**
 * Makes whatever is missing or near its end of a cluster's certificates and kubeconfig files; on a warm start it
 * only reads. Files are 0600, directories 0700.
 */
export function ensurePki(plan: PkiPlan): EnsuredPki {
  const pki = openPki(plan.directory, plan);
  makeSecretDirectory(plan.kubeconfigDirectory);
  const kubeconfig = (file: string, user: string, subject: Subject): Kubeconfig =>
    kubeconfigFor({
      name: plan.clusterName,
      server: plan.server,
      authority: pki.authority,
      user,
      credentials: pki.client(file, subject),
    });
  const write = (program: string, config: Kubeconfig): string => {
    const path = join(plan.kubeconfigDirectory, `${program}.kubeconfig`);
    // People read YAML; the programs read JSON, so that they need no YAML parser to start.
    const text = program === "admin" ? kubeconfigText(config) : `${JSON.stringify(config, null, 2)}\n`;
    if (readSecretFile(path) !== text) writeSecretFile(path, text);
    return path;
  };
  const own = (program: keyof typeof clusterSubjects): string => {
    const subject = clusterSubjects[program];
    return write(program, kubeconfig(program, subject.commonName, subject));
  };
  for (const program of plan.optional ?? []) own(program);
  const node = nodeSubject(plan.nodeName);
  return {
    authority: pki.authority,
    serving: pki.serving(plan.servingNames),
    adminKubeconfig: kubeconfig("admin", `${plan.clusterName}-admin`, clusterSubjects.admin),
    kubeconfigs: {
      admin: own("admin"),
      controllers: own("controllers"),
      scheduler: own("scheduler"),
      dns: own("dns"),
      node: write("node", kubeconfig(`node-${plan.nodeName}`, node.commonName, node)),
    },
  };
}
