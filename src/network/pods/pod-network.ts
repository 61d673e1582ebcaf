import type { Host } from "#host";
import { limits } from "../limits.ts";
import { nft } from "../machine/nft.ts";
import type { HostPort, NetworkConfig, PodAddress, PodAttachment, PodNetwork } from "../network.ts";
import { gatewayAddress } from "../ranges.ts";
import { deviceNames } from "./device-names.ts";
import { Leases } from "./leases.ts";

const formatVersion = 1;

interface LeaseFile {
  formatVersion: number;
  leases: Record<string, { address: string; hostPorts: HostPort[] }>;
}

/**
 * Pods on links of their own: a veth pair each, a /32 inside and a route to it outside. Everything a pod sends is routed
 * by the machine, never bridged, so it passes connection tracking once in each direction and an answer finds its way
 * back through the translation that the question went through, also between two pods of one node.
 */
export async function openPodNetwork(host: Host, config: NetworkConfig): Promise<PodNetwork> {
  const path = `${config.stateDirectory}/leases.json`;
  const stored = await readLeases(host, path);
  const leases = new Leases(
    config.nodePodRange,
    Object.entries(stored).map(([id, lease]) => [id, lease.address]),
  );
  const hostPorts = new Map(Object.entries(stored).map(([id, lease]) => [id, lease.hostPorts]));
  let saving: Promise<void> = Promise.resolve();
  let next: Promise<void> | undefined;
  const write = () => {
    next = undefined;
    const file: LeaseFile = { formatVersion, leases: {} };
    for (const [id, address] of leases.entries()) {
      file.leases[id] = { address, hostPorts: [...(hostPorts.get(id) ?? [])] };
    }
    saving = host.files.write(path, JSON.stringify(file), { mode: 0o600 });
    return saving;
  };
  // One write at a time; all who come meanwhile are in the next.
  const save = () => {
    next ??= saving.catch(() => {}).then(write);
    return next;
  };

  return {
    async attach(attachment) {
      const address = leases.lease(attachment.id);
      hostPorts.set(attachment.id, [...attachment.hostPorts]);
      await Promise.all([save(), plug(host, config, attachment, address)]);
      if (attachment.hostPorts.length > 0) {
        await nft(host, hostPortElements("add", config, attachment.hostPorts, address));
      }
      return { addresses: [address] };
    },
    async detach(id) {
      const address = leases.addressOf(id);
      await host.run({
        program: "ip",
        arguments: ["link", "delete", deviceNames(config).of(id)],
        allowFailure: true,
        timeoutMs: limits.commandTimeoutMs,
      });
      if (address === undefined) return;
      const ports = hostPorts.get(id) ?? [];
      if (ports.length > 0) await nft(host, hostPortElements("delete", config, ports, address));
      leases.release(id);
      hostPorts.delete(id);
      await save();
    },
    async leases() {
      return new Map<string, PodAddress>(
        leases.entries().map(([id, address]) => [id, { addresses: [address] }]),
      );
    },
  };
}

/** The machine's end of every pair. Known, so that nobody need ask for it; unique on its link, which is all that counts. */
const gatewayHardwareAddress = "ee:ee:ee:ee:ee:ee";

/** Two programs: the pair is made and routed to from outside, then given its address from inside. */
async function plug(host: Host, config: NetworkConfig, pod: PodAttachment, address: string): Promise<void> {
  const device = deviceNames(config).of(pod.id);
  const gateway = gatewayAddress(config);
  const plugged = await host.run({
    program: "ip",
    arguments: ["-batch", "-"],
    input: `link add ${device} address ${gatewayHardwareAddress} type veth peer name eth0 netns ${pod.networkNamespace}
link set ${device} up
route replace ${address}/32 dev ${device} src ${gateway}
`,
    timeoutMs: limits.commandTimeoutMs,
    allowFailure: true,
  });
  if (plugged.exitCode !== 0 && !(await isPlugged(host, pod))) {
    await host.run({ program: "ip", arguments: ["link", "delete", device], allowFailure: true });
    throw new Error(
      `cannot connect pod ${pod.id} to the network: ${plugged.stderr.trim().split("\n").at(-1)}; is ${config.bridge} there? try: nacre up`,
    );
  }
  // Answers to connections from the machine's loopback (node ports) come back here; the guard drops all else to 127/8.
  await host.files.write(`/proc/sys/net/ipv4/conf/${device}/route_localnet`, "1", { inPlace: true });
  await host.run({
    program: "nsenter",
    arguments: [`--net=${pod.networkNamespace}`, "ip", "-batch", "-"],
    input: `link set lo up
addr replace ${address}/32 dev eth0
link set eth0 up
neigh replace ${gateway} lladdr ${gatewayHardwareAddress} dev eth0 nud permanent
route replace ${gateway} dev eth0 scope link
route replace default via ${gateway} dev eth0
`,
    timeoutMs: limits.commandTimeoutMs,
  });
}

async function isPlugged(host: Host, pod: PodAttachment): Promise<boolean> {
  const inside = await host.run({
    program: "nsenter",
    arguments: [`--net=${pod.networkNamespace}`, "ip", "link", "show", "eth0"],
    allowFailure: true,
  });
  return inside.exitCode === 0;
}

function hostPortElements(
  verb: "add" | "delete",
  config: NetworkConfig,
  ports: readonly HostPort[],
  address: string,
): string {
  const elements = ports.map((port) => {
    const key = `${port.protocol.toLowerCase()} . ${port.hostPort}`;
    return verb === "add" ? `${key} : ${address} . ${port.containerPort}` : key;
  });
  return `${verb} element ip ${config.table} host-ports { ${elements.join(", ")} }\n`;
}

async function readLeases(host: Host, path: string): Promise<LeaseFile["leases"]> {
  const text = await host.files.read(path);
  if (text === undefined) return {};
  const file = JSON.parse(text) as LeaseFile;
  if (file.formatVersion > formatVersion) {
    throw new Error(
      `${path} was written by a newer Nacre (format ${file.formatVersion}); start that version, or purge the cluster`,
    );
  }
  return file.leases;
}
