import {
  type EndpointSlice,
  endpointSlices,
  endpoints,
  jsonEqual,
  nodes,
  type Pod,
  type Service,
  services,
} from "#api";
import { isNotFound } from "#base";
import { keyOf } from "#client";
import { type Controller, controller, watch } from "#reconcile";
import type { ControllerContext } from "../context.ts";
import { podInformer, podsWith } from "../shared/pods.ts";
import { mapSelectorOf } from "../shared/selectors.ts";
import { applySlicePlan, managedByLabel, removeSlice, serviceNameLabel } from "../shared/slices.ts";
import { decide } from "./decide.ts";
import { endpointsFrom, isOurs } from "./endpoints.ts";
import { managedBy } from "./slice.ts";

/** Tells every node which pods are behind which service, as EndpointSlices and, for older readers, as Endpoints. */
export function endpointSliceController(context: ControllerContext): Controller {
  const { client, informers } = context;
  const allServices = informers.of(services);
  const allPods = podInformer(informers);
  const allNodes = informers.of(nodes);
  const allEndpoints = informers.of(endpoints);
  const slices = informers.of(endpointSlices).addIndex("service", (slice) => [serviceKeyOf(slice)]);

  const servicesOf = (pod: Pod): Iterable<string> =>
    allServices
      .list(pod.metadata?.namespace ?? "")
      .filter((service) => mapSelectorOf(service.spec?.selector).matches(pod.metadata?.labels))
      .map(keyOf);

  const writeEndpoints = async (service: Service, key: string): Promise<void> => {
    const wanted = endpointsFrom(service, slices.byIndex("service", key));
    const api = client.resource(endpoints, service.metadata?.namespace);
    const known = allEndpoints.getByKey(key);
    if (!known) {
      await api.create(wanted);
      return;
    }
    const { labels, annotations } = wanted.metadata ?? {};
    const isSame =
      jsonEqual(known.subsets ?? [], wanted.subsets ?? []) &&
      jsonEqual(known.metadata?.labels ?? {}, labels ?? {}) &&
      jsonEqual(known.metadata?.annotations ?? {}, annotations ?? {});
    if (isSame) return;
    const { annotations: _, ...metadata } = known.metadata ?? {};
    await api.update({ ...wanted, metadata: { ...metadata, ...wanted.metadata } });
  };

  const forget = async (key: string): Promise<void> => {
    await Promise.all(slices.byIndex("service", key).map((slice) => removeSlice(client, slice)));
    const known = allEndpoints.getByKey(key);
    if (!known || !isOurs(known)) return;
    const { name = "", namespace, uid = "" } = known.metadata ?? {};
    await client
      .resource(endpoints, namespace)
      .delete(name, { preconditions: { uid } })
      .catch((error) => {
        if (!isNotFound(error)) throw error;
      });
  };

  return controller({
    name: "endpointslice",
    concurrency: 8,
    watches: [
      watch(allServices),
      watch(allPods, { keys: servicesOf, when: changesEndpoints }),
      watch(slices, { keys: (slice) => [serviceKeyOf(slice)].filter(Boolean) }),
      watch(allEndpoints, { keys: (object) => (isOurs(object) ? [keyOf(object)] : []) }),
      // Zones and names of nodes are in endpoints; heartbeats are not.
      watch(allNodes, { keys: () => [], when: () => false }),
    ],
    reconcile: async (key) => {
      const service = allServices.getByKey(key);
      if (!service) {
        await forget(key);
        return undefined;
      }
      if (service.metadata?.deletionTimestamp || !hasSelector(service)) return undefined;
      const namespace = service.metadata?.namespace ?? "";
      const plan = decide({
        service,
        pods: podsWith(allPods, namespace, mapSelectorOf(service.spec?.selector)),
        slices: slices.byIndex("service", key),
        nodeOf: (name) => allNodes.get(name),
      });
      await applySlicePlan(client, namespace, plan);
      await writeEndpoints(service, key);
      return undefined;
    },
  });
}

/** Only what this controller keeps has a key; the empty one concerns nobody. */
function serviceKeyOf({ metadata }: EndpointSlice): string {
  const name = metadata?.labels?.[serviceNameLabel];
  return name && metadata?.labels?.[managedByLabel] === managedBy ? `${metadata.namespace}/${name}` : "";
}

/** Without a selector somebody else keeps the endpoints; an external name has none. */
function hasSelector({ spec }: Service): boolean {
  return spec?.type !== "ExternalName" && Object.keys(spec?.selector ?? {}).length > 0;
}

/** What an endpoint is made of; most updates of pods touch none of it. */
function changesEndpoints(pod: Pod, old: Pod): boolean {
  const ready = (one: Pod) => one.status?.conditions?.find(({ type }) => type === "Ready")?.status;
  return (
    pod.metadata?.deletionTimestamp !== old.metadata?.deletionTimestamp ||
    pod.status?.phase !== old.status?.phase ||
    pod.spec?.nodeName !== old.spec?.nodeName ||
    ready(pod) !== ready(old) ||
    pod.status?.podIP !== old.status?.podIP ||
    !jsonEqual(pod.status?.podIPs, old.status?.podIPs) ||
    !jsonEqual(pod.metadata?.labels, old.metadata?.labels)
  );
}
