import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  bootstrap,
  createSecurity,
  type Listener,
  openKeyRing,
  openSigningKey,
  secretsTransformer,
} from "#apiserver";
import { clusterSubjects, kubeconfigFor, kubeconfigText, openPki } from "#apiserver/pki";
import { systemClock, systemRandom } from "#base";
import { type Kubectl, kubectl } from "./kubernetes-tools.ts";
import { type TestCluster, type TestClusterOptions, testCluster } from "./test-cluster.ts";

/** A test cluster on a loopback port, with certificates, and a kubeconfig for its administrator. */
export interface ServedCluster extends TestCluster {
  readonly listener: Listener;
  /** PEM, for clients of the test's own. */
  readonly tls: { readonly authority: string; readonly certificate: string; readonly key: string };
  /** PEM, for servers of the test's own on 127.0.0.1. */
  readonly serving: { readonly certificate: string; readonly key: string };
  readonly kubeconfigPath: string;
  readonly kubectl: Kubectl;
}

export interface ServedClusterOptions extends TestClusterOptions {
  /** With the authentication, roles and admission that users have, instead of letting everyone do everything. */
  readonly secured?: boolean;
}

/** As `testCluster`, over HTTPS. Its files are gone after `close`. */
export async function servedCluster(options: ServedClusterOptions = {}): Promise<ServedCluster> {
  const { secured = false, ...rest } = options;
  const directory = await mkdtemp(join(tmpdir(), "nacre-test-"));
  const pkiDirectory = join(directory, "pki");
  const pki = openPki(pkiDirectory, { clock: systemClock, random: systemRandom });
  const cluster = await testCluster({ ...(secured ? security(pkiDirectory) : {}), ...rest });
  if (secured) {
    const advertised = { address: "10.244.0.1", port: 6443, clusterIP: "10.96.0.1" };
    await bootstrap({ read: cluster.server.feed, writer: cluster.server.writer, advertised });
  }
  const credentials = pki.client("admin", clusterSubjects.admin);
  const serving = pki.serving([]);
  const listener = await cluster.server.listen({
    host: "127.0.0.1",
    port: 0,
    certificate: serving.certificate,
    key: serving.key,
    clientAuthority: pki.authority,
  });
  const server = `https://127.0.0.1:${listener.port}`;
  const config = kubeconfigFor({
    name: "test",
    server,
    authority: pki.authority,
    user: "admin",
    credentials,
  });
  const kubeconfigPath = join(directory, "kubeconfig");
  await writeFile(kubeconfigPath, kubeconfigText(config), { mode: 0o600 });
  return {
    ...cluster,
    listener,
    tls: { authority: pki.authority, ...credentials },
    serving,
    kubeconfigPath,
    kubectl: await kubectl({ kubeconfig: kubeconfigPath, cacheDirectory: join(directory, "cache") }),
    async close() {
      await cluster.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

function security(pkiDirectory: string): TestClusterOptions {
  const parts = {
    signingKey: openSigningKey(pkiDirectory),
    serviceRange: "10.96.0.0/16",
    clock: systemClock,
    random: systemRandom,
  };
  return {
    security: createSecurity(parts),
    transformers: [
      secretsTransformer(openKeyRing(join(pkiDirectory, "encryption.json"), systemRandom), systemRandom),
    ],
    // Bootstrap makes what a cluster begins with.
    namespaces: [],
  };
}
