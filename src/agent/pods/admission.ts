import { isCritical, isPodTerminal, type Pod, podRequests, qosClassOf, tolerates } from "#api";
import { hostPorts } from "../containers/sandbox-spec.ts";
import { asksForAppArmor, noAppArmor } from "../containers/security.ts";

/** What the node has to give, in the units of `ResourceAmounts`: thousandths of a core, bytes, pods. */
export interface NodeOffer {
  readonly nodeName: string;
  readonly allocatable: Readonly<Record<string, number>>;
  readonly labels: Readonly<Record<string, string>>;
  /** What it says it has too little of: `MemoryPressure`, `DiskPressure`. */
  readonly pressures: readonly string[];
}

export interface Rejection {
  readonly reason: string;
  readonly message: string;
}

/**
 * The node's last word on a pod that was bound to it: it fails at once when it cannot run beside `others`. The
 * scheduler normally sees to it; this is for pods that went past it. Pure.
 */
export function admit(pod: Pod, others: readonly Pod[], node: NodeOffer): Rejection | undefined {
  if (pod.spec?.nodeName !== node.nodeName) {
    return rejected("NodeName", `Predicate NodeName failed: pod is bound to "${pod.spec?.nodeName}"`);
  }
  if (!standsPressure(pod, node)) {
    return rejected("Evicted", `The node had condition: [${node.pressures.join(" ")}].`);
  }
  const forbidden = forbiddenSysctl(pod);
  if (forbidden) return rejected("SysctlForbidden", `forbidden sysctl: ${forbidden}`);
  const { spec } = pod;
  if ([spec, ...(spec?.initContainers ?? []), ...(spec?.containers ?? [])].some(asksForAppArmor)) {
    return rejected("AppArmor", noAppArmor);
  }
  if (!selects(pod, node)) {
    return rejected(
      "NodeAffinity",
      "Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector",
    );
  }
  const neighbours = others.filter((other) => other !== pod && !isPodTerminal(other));
  if (conflictsOnHostPort(pod, neighbours)) {
    return rejected(
      "NodePorts",
      "Predicate NodePorts failed: node(s) didn't have free ports for the requested pod ports",
    );
  }
  return lacking(pod, neighbours, node);
}

/** Whether the pod's node selector is content with the node. Pure. */
export function selects(pod: Pod, node: Pick<NodeOffer, "labels">): boolean {
  return Object.entries(pod.spec?.nodeSelector ?? {}).every(([key, value]) => node.labels[key] === value);
}

/** Short of memory, a node takes who says how much it needs, or does not mind; short of anything else nobody but the system's own. */
function standsPressure(pod: Pod, { pressures }: NodeOffer): boolean {
  if (pressures.length === 0 || isCritical(pod)) return true;
  if (pressures.some((pressure) => pressure !== "MemoryPressure")) return false;
  if (qosClassOf(pod) !== "BestEffort") return true;
  return (pod.spec?.tolerations ?? []).some((toleration) => tolerates(toleration, memoryPressure));
}

const memoryPressure = { key: "node.kubernetes.io/memory-pressure", effect: "NoSchedule" };

/** Those that act on nothing but the pod: Kubernetes' safe set. */
const safeSysctls: ReadonlySet<string> = new Set([
  "kernel.shm_rmid_forced",
  "net.ipv4.ip_local_port_range",
  "net.ipv4.ip_local_reserved_ports",
  "net.ipv4.ip_unprivileged_port_start",
  "net.ipv4.ping_group_range",
  "net.ipv4.tcp_fin_timeout",
  "net.ipv4.tcp_keepalive_intvl",
  "net.ipv4.tcp_keepalive_probes",
  "net.ipv4.tcp_keepalive_time",
  "net.ipv4.tcp_rmem",
  "net.ipv4.tcp_syncookies",
  "net.ipv4.tcp_wmem",
]);

/** A setting that the pod asks for and may not have; with slashes for dots it is the same one. */
function forbiddenSysctl({ spec }: Pod): string | undefined {
  for (const { name } of spec?.securityContext?.sysctls ?? []) {
    const dotted = name.replaceAll("/", ".");
    if (!safeSysctls.has(dotted)) return `"${name}" not allowlisted`;
    if (spec?.hostNetwork && dotted.startsWith("net.")) return `"${name}" not allowed with host net enabled`;
    if (spec?.hostIPC && dotted.startsWith("kernel.")) return `"${name}" not allowed with host ipc enabled`;
  }
  return undefined;
}

function lacking(pod: Pod, others: readonly Pod[], { allocatable }: NodeOffer): Rejection | undefined {
  const wanted: Record<string, number> = { pods: 1, ...podRequests(pod) };
  for (const [name, amount] of Object.entries(wanted)) {
    const offered = allocatable[name];
    if (amount === 0) continue;
    const used = others.reduce(
      (sum, other) => sum + (name === "pods" ? 1 : (podRequests(other)[name] ?? 0)),
      0,
    );
    if (offered !== undefined && used + amount <= offered) continue;
    const numbers = `requested: ${amount}, used: ${used}, capacity: ${offered ?? 0}`;
    return rejected(`OutOf${name}`, `Node didn't have enough resource: ${name}, ${numbers}`);
  }
  return undefined;
}

function conflictsOnHostPort(pod: Pod, others: readonly Pod[]): boolean {
  const wanted = hostPorts(pod);
  if (wanted.length === 0) return false;
  return others.flatMap(hostPorts).some((taken) =>
    wanted.some((port) => {
      const sameAddress = !port.hostAddress || !taken.hostAddress || port.hostAddress === taken.hostAddress;
      return sameAddress && port.protocol === taken.protocol && port.hostPort === taken.hostPort;
    }),
  );
}

function rejected(reason: string, message: string): Rejection {
  return { reason, message: `Pod was rejected: ${message}` };
}
