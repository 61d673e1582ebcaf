import { type EndpointSlice, type Endpoints, endpointSlices, endpoints, type Service, services } from "#api";
import { keyOf } from "#client";
import { type Controller, controller, watch } from "#reconcile";
import type { ControllerContext } from "../context.ts";
import { applySlicePlan, managedByLabel, serviceNameLabel } from "../shared/slices.ts";
import { managedBy, mirror } from "./mirror.ts";

/**
 * Tells nodes what people write into Endpoints by hand, for services without a selector: nodes read slices alone.
 * Source: KEP-752, EndpointSlice mirroring.
 */
export function endpointSliceMirroringController({ client, informers }: ControllerContext): Controller {
  const allServices = informers.of(services);
  const allEndpoints = informers.of(endpoints);
  const slices = informers.of(endpointSlices).addIndex("mirrored", (slice) => [mirroredBy(slice)]);
  return controller({
    name: "endpointslice-mirroring",
    watches: [
      watch(allServices),
      watch(allEndpoints),
      watch(slices, { keys: (slice) => [mirroredBy(slice)].filter(Boolean) }),
    ],
    reconcile: async (key) => {
      const service = allServices.getByKey(key);
      const source = allEndpoints.getByKey(key);
      const isMirrored = service && source && isHandmade(service) && wantsMirror(source);
      const plan = mirror(isMirrored ? source : undefined, slices.byIndex("mirrored", key));
      await applySlicePlan(client, key.slice(0, key.indexOf("/")), plan);
      return undefined;
    },
  });
}

/** Without a selector nobody else knows what is behind the service. */
function isHandmade({ spec }: Service): boolean {
  return Object.keys(spec?.selector ?? {}).length === 0;
}

/** Some are kept by programs that make slices too, or are a lock and no addresses. */
function wantsMirror({ metadata }: Endpoints): boolean {
  return (
    !metadata?.deletionTimestamp &&
    metadata?.labels?.["endpointslice.kubernetes.io/skip-mirror"] !== "true" &&
    metadata?.annotations?.["control-plane.alpha.kubernetes.io/leader"] === undefined
  );
}

/** The key of the Endpoints that a slice mirrors; the empty one for all other slices. */
function mirroredBy(slice: EndpointSlice): string {
  const { labels, namespace } = slice.metadata ?? {};
  const name = labels?.[managedByLabel] === managedBy ? labels[serviceNameLabel] : undefined;
  return name ? keyOf({ metadata: { name, ...(namespace ? { namespace } : {}) } }) : "";
}
