import { type Command, flag, type Invocation, progress } from "#cli";
import {
  type ClusterConfig,
  cgroupParentOf,
  type Layout,
  networkOf,
  readClusterConfig,
  supervisorFor,
} from "#cluster";
import type { Host } from "#host";
import { gatewayAddress, openPodNetwork, removeNetwork } from "#network";
import { openRuntime } from "#runtime";
import { confirm } from "../confirm.ts";
import { dataOption, existingCluster, layoutFor, requireRoot, thisMachine } from "../machine.ts";
import { makeKubeconfigs } from "../start.ts";
import { removeFromUserKubeconfig } from "../user-kubeconfig.ts";

/** Ends the cluster. Without `--purge`, what it knows stays and `up` brings the same workloads back. */
export const downCommand: Command = {
  name: "down",
  summary: "stop the cluster; its data stays",
  usage: "",
  options: {
    ...dataOption,
    purge: { type: "boolean", description: "also remove all data and every trace of the cluster" },
    yes: { type: "boolean", short: "y", description: "purge without asking" },
    "dry-run": { type: "boolean", description: "say what would be done, and do nothing" },
  },
  examples: [
    { line: "nacre down", what: "stop everything; nacre up brings it back" },
    { line: "nacre down --purge", what: "stop everything, and leave the machine as it was" },
  ],
  run: down,
};

async function down(invocation: Invocation): Promise<number> {
  const { output, clock, random } = invocation;
  const host = thisMachine();
  const layout = layoutFor(invocation);
  const purge = flag(invocation, "purge");
  if (purge && !(await readClusterConfig(host, layout.config))) {
    output.note(`There is no cluster in ${layout.data}; nothing to purge.\n`);
    return 0;
  }
  const config = await existingCluster(host, layout);
  if (flag(invocation, "dry-run")) return preview(invocation, host, layout, purge);
  requireRoot("nacre down");
  if (purge && !flag(invocation, "yes")) {
    const question = `Remove cluster ${config.name} with all its workloads, secrets and volumes below ${layout.data}?`;
    if (!(await confirm(output, question))) {
      output.note("Nothing was changed. To purge without being asked: nacre down --purge --yes\n");
      return 1;
    }
  }
  const steps = progress(output, clock);
  const supervisor = await supervisorFor(host, layout);
  await steps.step("Stopping the programs", () => supervisor.stop());
  await steps.step("Stopping pods and removing the network", () => removeFromMachine(host, layout, config));
  if (purge) {
    await steps.step(`Removing ${layout.data}`, async () => {
      await removeFromUserKubeconfig(
        host,
        invocation.environment,
        makeKubeconfigs(layout, config, { clock, random }),
      );
      await supervisor.remove();
      await removeData(host, layout.data);
    });
  }
  output.note(
    purge
      ? "Nothing of the cluster is left.\n"
      : `The cluster is down; its data stays in ${layout.data}. Bring it back with: nacre up\n`,
  );
  return 0;
}

/** Everything that the cluster has on the machine outside its data directory: processes, mounts, cgroups, devices, tables. */
async function removeFromMachine(host: Host, layout: Layout, config: ClusterConfig): Promise<void> {
  const network = networkOf(config, layout, gatewayAddress(config));
  const pods = await openPodNetwork(host, network);
  const opened = await openRuntime({
    host,
    stateDirectory: layout.runtime,
    runDirectory: layout.runtimeRun,
    cgroupParent: cgroupParentOf(config),
  });
  try {
    const sandboxes = await opened.runtime.sandboxes();
    await Promise.all(sandboxes.map((sandbox) => opened.runtime.removeSandbox(sandbox.id)));
    for (const id of (await pods.leases()).keys()) await pods.detach(id);
  } finally {
    await opened.close();
  }
  for (const directory of [layout.memory, layout.data]) {
    for (const mount of await host.mounts.under(directory)) {
      // A data directory that is a disk of its own was mounted by the machine, not by us.
      if (mount !== layout.data) await host.mounts.unmount(mount);
    }
  }
  await host.files.remove(layout.memory);
  await host.cgroups.remove(`/${cgroupParentOf(config)}`);
  await removeNetwork(host, network);
}

/** All data; of a data directory that is a disk of its own, everything in it. */
async function removeData(host: Host, data: string): Promise<void> {
  if (!(await host.mounts.under(data)).includes(data)) return host.files.remove(data);
  for (const name of await host.files.list(data)) await host.files.remove(`${data}/${name}`);
}

async function preview(invocation: Invocation, host: Host, layout: Layout, purge: boolean): Promise<number> {
  const running = await (await supervisorFor(host, layout)).running();
  const lines = [
    ...(running.length > 0 ? [`stop ${running.map(({ name }) => name).join(", ")}`] : []),
    "stop all pods and remove the cluster's devices, routes and table",
    ...(purge ? [`remove ${layout.data} and the context from the kubeconfig`] : []),
  ];
  invocation.output.out(`Would:\n${lines.map((line) => `  ${line}\n`).join("")}`);
  return 0;
}
