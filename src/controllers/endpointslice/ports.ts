import type { DiscoveryV1EndpointPort, Pod, Service, ServicePort } from "#api";
import { portId } from "../shared/slices.ts";

/**
 * The ports of a service on one pod, sorted by name. A named target port is looked up in the pod's containers; where the
 * pod has no such port, the service's port is not served by it.
 */
export function portsOn(pod: Pod, service: Service): DiscoveryV1EndpointPort[] {
  const found: DiscoveryV1EndpointPort[] = [];
  for (const servicePort of service.spec?.ports ?? []) {
    const port = targetOf(servicePort, pod);
    if (port === undefined) continue;
    const { name = "", protocol = "TCP", appProtocol } = servicePort;
    found.push({ name, port, protocol, ...(appProtocol ? { appProtocol } : {}) });
  }
  return found.sort((a, b) => compare(portId(a), portId(b)));
}

function targetOf({ targetPort, port, protocol = "TCP" }: ServicePort, pod: Pod): number | undefined {
  if (targetPort === undefined || targetPort === 0 || targetPort === "") return port;
  if (typeof targetPort === "number") return targetPort;
  const { containers = [], initContainers = [] } = pod.spec ?? {};
  const sidecars = initContainers.filter((container) => container.restartPolicy === "Always");
  for (const container of [...containers, ...sidecars]) {
    const named = container.ports?.find(
      (one) => one.name === targetPort && (one.protocol ?? "TCP") === protocol,
    );
    if (named) return named.containerPort;
  }
  return undefined;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
