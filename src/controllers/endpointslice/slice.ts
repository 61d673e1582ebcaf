import {
  type DiscoveryV1EndpointPort,
  type Endpoint,
  type EndpointSlice,
  type Service,
  services,
} from "#api";
import { controllerReference } from "../shared/claim.ts";
import { managedByLabel, serviceNameLabel } from "../shared/slices.ts";
import type { AddressType } from "./endpoint.ts";

export type Labels = Record<string, string>;

/** Slices of others (custom ones, mirrored ones) carry other names here, and are never touched. */
export const managedBy = "endpointslice-controller.k8s.io";
const headlessLabel = "service.kubernetes.io/headless";

/** The labels of a service's slices: its own, and by whom and for what they are kept. */
export function sliceLabels(service: Service): Labels {
  const isHeadless = service.spec?.clusterIP === "None";
  return {
    ...service.metadata?.labels,
    [serviceNameLabel]: service.metadata?.name ?? "",
    [managedByLabel]: managedBy,
    ...(isHeadless ? { [headlessLabel]: "" } : {}),
  };
}

export function newSlice(
  service: Service,
  content: {
    type: AddressType;
    labels: Labels;
    ports: readonly DiscoveryV1EndpointPort[];
    endpoints: Endpoint[];
  },
): EndpointSlice {
  const { name, namespace } = service.metadata ?? {};
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: {
      generateName: `${name}-`,
      ...(namespace ? { namespace } : {}),
      labels: content.labels,
      ownerReferences: [controllerReference(services, service)],
    },
    addressType: content.type,
    endpoints: content.endpoints,
    ports: [...content.ports],
  };
}
