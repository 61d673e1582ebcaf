import { endAllContainers } from "#agent";
import { type ClusterConfig, cgroupParentOf, type Layout, networkOf } from "#cluster";
import type { Host } from "#host";
import { gatewayAddress, openPodNetwork, ownsNetwork, removeNetwork } from "#network";
import { openRuntime } from "#runtime";

/**
 * Everything that the cluster has on the machine outside its data directory: processes, mounts, cgroups, devices, tables.
 * `graceful`: containers are asked to end before they are killed.
 */
export async function removeFromMachine(
  host: Host,
  layout: Layout,
  config: ClusterConfig,
  { graceful }: { readonly graceful: boolean },
): Promise<void> {
  const network = networkOf(config, layout, gatewayAddress(config));
  const pods = await openPodNetwork(host, network);
  const opened = await openRuntime({
    host,
    stateDirectory: layout.runtime,
    runDirectory: layout.runtimeRun,
    cgroupParent: cgroupParentOf(config),
  });
  try {
    if (graceful) await endAllContainers(opened.runtime);
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
  // Another cluster of the same name may have come up meanwhile: its groups are named alike.
  if (await ownsNetwork(host, network)) await host.cgroups.remove(`/${cgroupParentOf(config)}`);
  await removeNetwork(host, network);
}

/** All data; of a data directory that is a disk of its own, everything in it. */
export async function removeData(host: Host, data: string): Promise<void> {
  if (!(await host.mounts.under(data)).includes(data)) return host.files.remove(data);
  for (const name of await host.files.list(data)) await host.files.remove(`${data}/${name}`);
}
