import { isPodTerminal, type Pod, podRequests } from "#api";
import { hostPorts } from "../containers/sandbox-spec.ts";

/** What the node has to give, in the units of `ResourceAmounts`: thousandths of a core, bytes, pods. */
export interface NodeOffer {
  readonly nodeName: string;
  readonly allocatable: Readonly<Record<string, number>>;
  readonly labels: Readonly<Record<string, string>>;
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
  const selector = pod.spec?.nodeSelector ?? {};
  for (const [key, value] of Object.entries(selector)) {
    if (node.labels[key] !== value)
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
