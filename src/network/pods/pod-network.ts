import type { Host } from "#host";
import { limits } from "../limits.ts";
import { gatewayAddress, nft } from "../machine/prepare.ts";
import type { HostPort, NetworkConfig, PodAddress, PodAttachment, PodNetwork } from "../network.ts";
import { Leases } from "./leases.ts";

const formatVersion = 1;

interface LeaseFile {
  formatVersion: number;
  leases: Record<string, { address: string; hostPorts: HostPort[] }>;
}

/**
 * Pods on the node's bridge. Each pod has a /32 and reaches everything through the gateway; bridge ports are isolated
 * from one another. So every packet between pods passes the kernel's connection tracking, and an answer finds its way
 * back through the translation that the question went through.
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
  const save = () => {
    const file: LeaseFile = { formatVersion, leases: {} };
    for (const [id, address] of leases.entries()) {
      file.leases[id] = { address, hostPorts: [...(hostPorts.get(id) ?? [])] };
    }
    saving = saving.catch(() => {}).then(() => host.files.write(path, JSON.stringify(file), { mode: 0o600 }));
    return saving;
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
        arguments: ["link", "delete", deviceName(id)],
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

/** The host's end of a pod's veth pair: stable for the pod, unique on the machine, at most 15 characters. */
export function deviceName(id: string): string {
  let hash = 0xcbf29ce484222325n;
  for (const character of id) {
    hash = ((hash ^ BigInt(character.charCodeAt(0))) * 0x100000001b3n) & 0xffffffffffffffffn;
  }
  return `nc${hash.toString(36).padStart(13, "0")}`;
}

/** Two programs: the pair is made and plugged on the host's side, then given its address from inside. */
async function plug(host: Host, config: NetworkConfig, pod: PodAttachment, address: string): Promise<void> {
  const device = deviceName(pod.id);
  const gateway = gatewayAddress(config);
  const plugged = await host.run({
    program: "ip",
    arguments: ["-batch", "-"],
    input: `link add ${device} type veth peer name eth0 netns ${pod.networkNamespace}
link set ${device} master ${config.bridge} up
link set ${device} type bridge_slave isolated on
`,
    timeoutMs: limits.commandTimeoutMs,
    allowFailure: true,
  });
  if (plugged.exitCode !== 0 && !(await isPlugged(host, pod))) {
    await host.run({ program: "ip", arguments: ["link", "delete", device], allowFailure: true });
    throw new Error(
      `cannot connect pod ${pod.id} to bridge ${config.bridge}: ${plugged.stderr.trim().split("\n").at(-1)}; is the bridge there? try: nacre up`,
    );
  }
  await host.run({
    program: "nsenter",
    arguments: [`--net=${pod.networkNamespace}`, "ip", "-batch", "-"],
    input: `link set lo up
addr replace ${address}/32 dev eth0
link set eth0 up
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
