import { amountsOf, type Container, type Pod } from "#api";
import { containersOf } from "../pods/containers.ts";
import { ContainerFault } from "../pods/fault.ts";

/** What a pod can say about itself beyond its object. */
export interface FieldContext {
  readonly podAddresses: readonly string[];
  readonly hostAddresses: readonly string[];
  readonly nodeName: string;
  /** What the node offers: the value of a limit that nobody set. */
  readonly allocatable: {
    readonly cpuMilli: number;
    readonly memoryBytes: number;
    readonly storageBytes: number;
  };
}

/** `fieldRef`: one field of the pod as text. Undefined when there is no such field. Pure. */
export function podField(pod: Pod, path: string, context: FieldContext): string | undefined {
  const keyed = /^metadata\.(labels|annotations)\['(.+)'\]$/.exec(path);
  if (keyed) return pod.metadata?.[keyed[1] as "labels" | "annotations"]?.[keyed[2] as string] ?? "";
  switch (path) {
    case "metadata.name":
      return pod.metadata?.name;
    case "metadata.namespace":
      return pod.metadata?.namespace;
    case "metadata.uid":
      return pod.metadata?.uid;
    case "metadata.labels":
      return keyValueLines(pod.metadata?.labels);
    case "metadata.annotations":
      return keyValueLines(pod.metadata?.annotations);
    case "spec.nodeName":
      return pod.spec?.nodeName ?? context.nodeName;
    case "spec.serviceAccountName":
      return pod.spec?.serviceAccountName ?? "default";
    case "status.hostIP":
      return context.hostAddresses[0];
    case "status.hostIPs":
      return context.hostAddresses.join(",");
    case "status.podIP":
      return context.podAddresses[0] ?? "";
    case "status.podIPs":
      return context.podAddresses.join(",");
    default:
      return undefined;
  }
}

/** `resourceFieldRef`: a request or limit as a whole number of its divisor, rounded up. Pure. */
export function resourceField(
  pod: Pod,
  container: Container,
  reference: {
    readonly resource: string;
    readonly containerName?: string;
    readonly divisor?: string | number;
  },
  context: FieldContext,
): string {
  const named = reference.containerName
    ? containersOf(pod).all.find((one) => one.name === reference.containerName)
    : container;
  if (!named) {
    throw new ContainerFault("CreateContainerConfigError", `container ${reference.containerName} not found`);
  }
  const [side, ...rest] = reference.resource.split(".");
  const resource = rest.join(".");
  const limits = { ...allocatableAmounts(context), ...amountsOf(named.resources?.limits) };
  const amounts = side === "requests" ? amountsOf(named.resources?.requests) : limits;
  const amount = amounts[resource] ?? 0;
  const divisor =
    reference.divisor === undefined || String(reference.divisor) === "0" ? "1" : reference.divisor;
  const unit = amountsOf({ [resource]: divisor })[resource] ?? 1;
  return String(Math.ceil(amount / unit));
}

function allocatableAmounts({ allocatable }: FieldContext): Record<string, number> {
  return {
    cpu: allocatable.cpuMilli,
    memory: allocatable.memoryBytes,
    "ephemeral-storage": allocatable.storageBytes,
  };
}

/** `key="value"` lines in the order of the keys. */
function keyValueLines(map: Readonly<Record<string, string>> | undefined): string {
  return Object.entries(map ?? {})
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .join("\n");
}
