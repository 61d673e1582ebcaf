import { services } from "../../generated/resources.ts";
import type { Service } from "../../generated/types.ts";
import { dns1035Label } from "../../names.ts";
import { defineKind } from "../define-kind.ts";
import type { KindDefinition } from "../kind-definition.ts";
import { serviceColumns } from "./columns.ts";
import { validateService, validateServiceChange } from "./validate.ts";

/**
 * Services: one stable address for many pods. Addresses and node ports are allocated in the transaction that writes
 * the service; here they are only kept, checked, and given up with a change of type.
 */
export const serviceKind: KindDefinition<Service> = defineKind(services, {
  nameRule: dns1035Label,
  hasGeneration: false,
  defaults: defaultService,
  prepareForCreate(service) {
    service.status = { loadBalancer: {} };
    defaultFamilies(service);
  },
  prepareForUpdate(service, old) {
    keepAllocated(service, old);
    dropWhatTheTypeDoesNotUse(service, old);
    defaultFamilies(service);
  },
  validate: validateService,
  validateChange: validateServiceChange,
  columns: serviceColumns,
  selectableFields: {
    "spec.clusterIP": ({ spec }) => spec?.clusterIP ?? "",
    "spec.type": ({ spec }) => spec?.type ?? "",
  },
});

/** Whether a service of this type has a cluster address, unless it is headless. */
export function hasClusterIp(type: string | undefined): boolean {
  return type === "ClusterIP" || type === "NodePort" || type === "LoadBalancer";
}

/** Whether its ports are also opened on every node. */
export function hasNodePorts(type: string | undefined): boolean {
  return type === "NodePort" || type === "LoadBalancer";
}

function defaultService({ spec }: Service): void {
  if (!spec) return;
  spec.sessionAffinity ||= "None";
  if (spec.sessionAffinity === "ClientIP") {
    spec.sessionAffinityConfig ??= {};
    spec.sessionAffinityConfig.clientIP ??= {};
    spec.sessionAffinityConfig.clientIP.timeoutSeconds ??= 10_800;
  } else if (spec.sessionAffinity === "None") delete spec.sessionAffinityConfig;
  spec.type ||= "ClusterIP";
  for (const port of spec.ports ?? []) {
    port.protocol ||= "TCP";
    if (!port.targetPort && port.port !== undefined) port.targetPort = port.port;
  }
  if (hasNodePorts(spec.type)) spec.externalTrafficPolicy ||= "Cluster";
  if (hasClusterIp(spec.type)) spec.internalTrafficPolicy ??= "Cluster";
  if (spec.type === "LoadBalancer") spec.allocateLoadBalancerNodePorts ??= true;
  if (spec.clusterIP && !spec.clusterIPs?.length) spec.clusterIPs = [spec.clusterIP];
  const [first] = spec.clusterIPs ?? [];
  if (first && !spec.clusterIP) spec.clusterIP = first;
}

function defaultFamilies({ spec }: Service): void {
  if (!spec || !hasClusterIp(spec.type)) return;
  spec.ipFamilyPolicy ??= "SingleStack";
  spec.ipFamilies ??= ["IPv4"];
}

/** What the system gave stays when the author leaves it out. */
function keepAllocated(service: Service, old: Service): void {
  const now = service.spec;
  const before = old.spec;
  if (!now || !before) return;
  if (hasClusterIp(now.type) && hasClusterIp(before.type) && !now.clusterIP && before.clusterIP) {
    now.clusterIP = before.clusterIP;
    if (before.clusterIPs) now.clusterIPs = [...before.clusterIPs];
  }
  if (before.ipFamilies && hasClusterIp(now.type)) now.ipFamilies ??= [...before.ipFamilies];
  if (before.ipFamilyPolicy && hasClusterIp(now.type)) now.ipFamilyPolicy ??= before.ipFamilyPolicy;
  if (!hasNodePorts(now.type) || !hasNodePorts(before.type)) return;
  for (const port of now.ports ?? []) {
    if (port.nodePort) continue;
    const same = before.ports?.find((each) => each.port === port.port && each.protocol === port.protocol);
    if (same?.nodePort) port.nodePort = same.nodePort;
  }
}

/** A change of type gives up what the new type has no use for, when the author did not touch it. */
function dropWhatTheTypeDoesNotUse(service: Service, old: Service): void {
  const now = service.spec;
  const before = old.spec;
  if (!now || !before || now.type === before.type) return;
  if (hasClusterIp(before.type) && !hasClusterIp(now.type) && now.clusterIP === before.clusterIP) {
    delete now.clusterIP;
    delete now.clusterIPs;
    delete now.ipFamilies;
    delete now.ipFamilyPolicy;
    delete now.internalTrafficPolicy;
  }
  if (hasNodePorts(before.type) && !hasNodePorts(now.type)) {
    const given = new Set((before.ports ?? []).map((port) => port.nodePort));
    for (const port of now.ports ?? []) if (given.has(port.nodePort)) delete port.nodePort;
    if (now.externalTrafficPolicy === before.externalTrafficPolicy) delete now.externalTrafficPolicy;
  }
  if (
    before.type === "LoadBalancer" &&
    now.allocateLoadBalancerNodePorts === before.allocateLoadBalancerNodePorts
  ) {
    delete now.allocateLoadBalancerNodePorts;
  }
}
