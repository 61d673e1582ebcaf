import { type DiscoveryV1EndpointPort, type EndpointSlice, endpointSlices } from "#api";
import { isNotFound } from "#base";
import type { Client } from "#client";

export const serviceNameLabel = "kubernetes.io/service-name";
/** Says whose a slice is; nobody touches another's. */
export const managedByLabel = "endpointslice.kubernetes.io/managed-by";

export interface SlicePlan {
  readonly create: readonly EndpointSlice[];
  /** Slices as they shall be. */
  readonly update: readonly EndpointSlice[];
  readonly remove: readonly EndpointSlice[];
}

/** Writes what a plan says. Removals come last: an endpoint that moves must never be in no slice. */
export async function applySlicePlan(client: Client, namespace: string, plan: SlicePlan): Promise<void> {
  const api = client.resource(endpointSlices, namespace);
  await Promise.all([
    ...plan.create.map((slice) => api.create(slice)),
    ...plan.update.map((slice) => api.update(slice)),
  ]);
  await Promise.all(plan.remove.map((slice) => removeSlice(client, slice)));
}

/** Gone already is fine; another slice of that name is left alone. */
export async function removeSlice(client: Client, { metadata }: EndpointSlice): Promise<void> {
  const { name = "", namespace, uid = "" } = metadata ?? {};
  try {
    await client.resource(endpointSlices, namespace).delete(name, { preconditions: { uid } });
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

/** The same for the same ports: pods that share it share slices. */
export function portsId(ports: readonly DiscoveryV1EndpointPort[] | undefined): string {
  return (ports ?? []).map(portId).sort().join(",");
}

export function portId({
  name = "",
  port,
  protocol = "TCP",
  appProtocol = "",
}: DiscoveryV1EndpointPort): string {
  return `${name}/${port}/${protocol}/${appProtocol}`;
}
