import type { Host } from "#host";

/**
 * Version 2 has one tree, in which a group holds processes or hands controllers down, never both:
 *
 *     kubepods-NAME            no swap for all below
 *     ├── conmon               the conmons of all containers
 *     ├── pod…                 Guaranteed
 *     ├── burstable/pod…       each pod with its limits,
 *     └── besteffort/pod…      and in it a group for each container
 *
 * Makes the two at the top; returns the conmons'. They would count against the unit or session of whoever started them, and be
 * killed with it. On version 1 they stay there: a move is a write into every hierarchy.
 */
export async function prepareUnifiedGroups(host: Host, parent: string): Promise<string> {
  const conmons = `${parent}/conmon`;
  await host.cgroups.make(parent, { holds: "groups" });
  await host.cgroups.make(conmons, { holds: "processes" });
  // As the kubelet has it: who exceeds a memory limit is killed, not swapped. Kernels without swap lack the file.
  if ((await host.cgroups.read("memory", parent, "memory.swap.max")) !== undefined) {
    await host.cgroups.write("memory", parent, "memory.swap.max", "0");
  }
  return conmons;
}
