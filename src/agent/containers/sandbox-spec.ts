import { type Pod, qosClassOf } from "#api";
import type { HostPort } from "#network";
import type { SandboxSpec } from "#runtime";
import { sandboxResources } from "./resources.ts";

/** The name of the pod inside: its own, cut to what a host name may be. */
export function hostnameOf(pod: Pod, nodeName: string): string {
  const { hostNetwork, hostnameOverride, hostname } = pod.spec ?? {};
  if (hostnameOverride) return hostnameOverride;
  if (hostNetwork) return nodeName;
  return (hostname ?? pod.metadata?.name ?? "").slice(0, 63).replace(/[-.]+$/, "");
}

/** A pod's sandbox. Pure. */
export function sandboxSpec(pod: Pod, nodeName: string): SandboxSpec {
  const { name = "", namespace = "", uid = "" } = pod.metadata ?? {};
  const sysctls = pod.spec?.securityContext?.sysctls ?? [];
  return {
    id: uid,
    namespace,
    name,
    hostname: hostnameOf(pod, nodeName),
    hostNetwork: pod.spec?.hostNetwork ?? false,
    hostPid: pod.spec?.hostPID ?? false,
    hostIpc: pod.spec?.hostIPC ?? false,
    sharesProcesses: pod.spec?.shareProcessNamespace ?? false,
    qosClass: qosClassOf(pod),
    resources: sandboxResources(pod),
    sysctls: Object.fromEntries(sysctls.map((one) => [one.name, one.value])),
    annotations: {},
  };
}

/** The ports that the pod publishes on the node. */
export function hostPorts(pod: Pod): HostPort[] {
  const containers = [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])];
  return containers.flatMap((container) =>
    (container.ports ?? []).flatMap((port) =>
      port.hostPort
        ? [
            {
              protocol: port.protocol === "UDP" ? ("UDP" as const) : ("TCP" as const),
              hostPort: port.hostPort,
              hostAddress: port.hostIP || undefined,
              containerPort: port.containerPort,
            },
          ]
        : [],
    ),
  );
}
