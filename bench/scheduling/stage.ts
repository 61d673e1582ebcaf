import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { copyFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { ensurePki, openPki } from "#apiserver/pki";
import { silentLogger, systemClock, systemRandom, timestamp } from "#base";
import {
  apiServiceAddressOf,
  defaultPort,
  layoutOf,
  newClusterConfig,
  programFlags,
  writeClusterConfig,
} from "#cluster";
import { createHost } from "#host";
import { gatewayAddress } from "#network";
import { execute } from "../../test/processes.ts";
import { cpuSecondsOf } from "../cluster/process-tree.ts";
import type { Context } from "../context.ts";
import type { Endpoint } from "../load/load.ts";
import { type Ask, type Calls, callsOf } from "./calls.ts";

/** A control plane and a scheduler, each a process as users run it, on a machine of their own, without nodes or controllers. */
export interface Stage {
  readonly endpoint: Endpoint;
  /** Starts a program of the bench on the machine, to be asked things. */
  program<C extends Calls>(file: string): Ask<C>;
  /** The most memory that each had resident so far, in MB. */
  peakMemory(): { readonly controlPlane: number; readonly scheduler: number };
  /** CPU time of each since its start. */
  cpuSeconds(): CpuByProgram;
  end(): Promise<void>;
}

export interface CpuByProgram {
  readonly controlPlane: number;
  readonly scheduler: number;
  /** Generator and judge: what the measurement itself takes of the machine. */
  readonly bench: number;
}

export async function openStage(context: Context): Promise<Stage> {
  const machine = await context.machine();
  const layout = layoutOf(machine.data);
  const host = createHost({ clock: systemClock, logger: silentLogger });
  const choices = { name: machine.clusterName, nodeName: "bench", listen: [], port: defaultPort };
  const config = newClusterConfig(choices, timestamp(systemClock));
  await host.files.makeDirectory(layout.logs);
  await writeClusterConfig(host, layout.config, config);
  const gateway = gatewayAddress(config);
  await execute("ip", ["-n", machine.namespace, "address", "add", `${gateway}/32`, "dev", "lo"]);
  const { kubeconfigs, authority } = ensurePki({
    directory: layout.pki,
    kubeconfigDirectory: layout.kubeconfigs,
    clusterName: config.name,
    server: `https://127.0.0.1:${config.port}`,
    nodeName: config.nodeName,
    servingNames: [gateway, apiServiceAddressOf(config)],
    clock: systemClock,
    random: systemRandom,
  });
  await copyFile(kubeconfigs.admin, machine.kubeconfig);

  const flagsFor = (file: string) => [
    ...programFlags(basename(file, ".ts")),
    join(import.meta.dirname, file),
  ];
  const startProgram = (file: string) => machine.start(process.execPath, [...flagsFor(file), machine.data]);
  const children: ChildProcess[] = [];
  const startAsked = (file: string) => {
    const [program, args] = machine.inside(process.execPath, flagsFor(file));
    const child = spawn(program, args, { stdio: ["ignore", "inherit", "inherit", "ipc"] });
    children.push(child);
    return child;
  };
  const end = async () => {
    // They end when nobody is left to ask them.
    for (const child of children) if (child.connected) child.disconnect();
    await machine.remove();
  };
  context.onEnd(end);

  const controlPlane = startProgram("../../src/main/control-plane.ts");
  await untilServed(() => machine.kubectl("get", "--raw=/readyz"));
  await machine.kubectlWith({ input: access }, "apply", "-f", "-");
  const scheduler = startProgram("scheduler.ts");
  const pki = openPki(layout.pki, { clock: systemClock, random: systemRandom });
  const user = pki.client("bench", { commonName: "bench", organizations: ["benchmarks"] });
  return {
    endpoint: { host: "127.0.0.1", port: config.port, authority, ...user },
    program: (file) => callsOf(startAsked(file), file),
    peakMemory: () => ({ controlPlane: peakOf(controlPlane), scheduler: peakOf(scheduler) }),
    cpuSeconds: () => ({
      controlPlane: cpuSecondsOf(controlPlane.pid),
      scheduler: cpuSecondsOf(scheduler.pid),
      bench: children.reduce((sum, { pid = 0 }) => sum + cpuSecondsOf(pid), 0),
    }),
    end,
  };
}

/** The control plane of a fresh data directory takes a second. */
async function untilServed(ask: () => Promise<unknown>): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await ask();
      return;
    } catch (error) {
      if (attempt === attempts) throw error;
      await setTimeout(100);
    }
  }
}

const attempts = 100;

function peakOf({ pid }: { readonly pid: number }): number {
  const peak = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
  return (Number(peak?.[1]) * 1024) / 1_000_000;
}

/** A user with a role that is wide enough for workloads, and no administrator. */
const access = `
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: { name: bench }
rules:
  - apiGroups: [""]
    resources: [nodes, namespaces, pods, services, secrets, serviceaccounts, persistentvolumes, persistentvolumes/status, persistentvolumeclaims, persistentvolumeclaims/status]
    verbs: ["*"]
  - { apiGroups: [scheduling.k8s.io], resources: [priorityclasses], verbs: ["*"] }
  - { apiGroups: [storage.k8s.io], resources: [csinodes], verbs: ["*"] }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: { name: bench }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: bench }
subjects:
  - { apiGroup: rbac.authorization.k8s.io, kind: User, name: bench }
`;
