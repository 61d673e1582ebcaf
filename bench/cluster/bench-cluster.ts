import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { openPki } from "#apiserver/pki";
import { silentLogger, systemClock, systemRandom } from "#base";
import { type Layout, layoutOf, readClusterConfig } from "#cluster";
import { createHost } from "#host";
import { importBusybox } from "../../test/images.ts";
import type { TestMachine } from "../../test/machine.ts";
import type { Context } from "../context.ts";
import type { Endpoint, Load, LoadResult } from "../load/load.ts";

/** The namespace of everything that is measured. */
export const namespace = "bench";

/** A cluster as a user has it, and the tools that measure it from programs of their own. */
export interface BenchCluster {
  readonly machine: TestMachine;
  readonly layout: Layout;
  /** The API server, and the certificate of a user who has roles and is no administrator. */
  readonly endpoint: Endpoint;
  /** Plain Node over the same TLS on the same machine. */
  readonly bare: Readonly<Record<Load["protocol"], Endpoint>> & { readonly pid: number };
  /** Runs a load from a process of its own. */
  load(load: Omit<Load, "endpoint">, endpoint: Endpoint): Promise<LoadResult>;
  /** Runs a program of the bench on the machine: one JSON value in, one out. */
  run<T>(program: string, input: unknown): Promise<T>;
}

export async function startCluster(context: Context): Promise<BenchCluster> {
  const machine = await context.machine();
  await machine.up();
  await importBusybox(machine);
  await machine.kubectlWith({ input: access }, "apply", "-f", "-");
  await machine.kubectl("wait", "--for=create", "--timeout=20s", `-n=${namespace}`, "serviceaccount/default");

  const layout = layoutOf(machine.data);
  const host = createHost({ clock: systemClock, logger: silentLogger });
  const config = await readClusterConfig(host, layout.config);
  const pki = openPki(layout.pki, { clock: systemClock, random: systemRandom });
  const user = pki.client("bench", { commonName: "bench", organizations: ["benchmarks"] });
  const identity = { authority: pki.authority, certificate: user.certificate, key: user.key };
  const serving = pki.serving([]);

  const program = (file: string) => join(import.meta.dirname, "..", file);
  let runs = 0;
  const run = async <T>(file: string, input: unknown): Promise<T> => {
    const path = join(machine.directory, `input-${++runs}.json`);
    await writeFile(path, JSON.stringify(input), { mode: 0o600 });
    const { stdout } = await machine.run(process.execPath, [program(file), path], { timeoutMs: 120_000 });
    await rm(path);
    return JSON.parse(stdout) as T;
  };

  const settings = join(machine.directory, "bare.json");
  const bareSettings = { ...serving, authority: pki.authority, database: join(machine.directory, "bare.db") };
  await writeFile(settings, JSON.stringify(bareSettings), { mode: 0o600 });
  const bare = machine.start(process.execPath, [program("bare/server.ts"), settings]);
  const ports = (await bare.printed(/listening on (\d+ and \d+)/)).split(" and ").map(Number);
  const bareAt = (port = 0): Endpoint => ({ host: "127.0.0.1", port, ...identity });

  return {
    machine,
    layout,
    endpoint: { host: "127.0.0.1", port: config?.port ?? 0, ...identity },
    bare: { "http/1.1": bareAt(ports[0]), h2: bareAt(ports[1]), pid: bare.pid },
    load: (load, endpoint) => run("load/main.ts", { ...load, endpoint } satisfies Load),
    run,
  };
}

/** A user with a role, bound cluster-wide: what RBAC costs is paid by every request. */
const access = `
apiVersion: v1
kind: Namespace
metadata: { name: ${namespace} }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: { name: bench }
rules:
  - { apiGroups: [""], resources: ["pods", "pods/status"], verbs: ["*"] }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: { name: bench }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: bench }
subjects:
  - { apiGroup: rbac.authorization.k8s.io, kind: User, name: bench }
`;
