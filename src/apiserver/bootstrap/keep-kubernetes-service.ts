import { endpointSlices, endpoints, type KubernetesObject, type Resource, services } from "#api";
import { type Logger, messageOf } from "#base";
import type { ObjectFeed, ObjectReader, ObjectWriter } from "../ports.ts";
import { type Correction, type Ensured, ensure } from "./ensure.ts";
import {
  type AdvertisedServer,
  kubernetesEndpointSlice,
  kubernetesEndpoints,
  kubernetesService,
  withEndpoints,
  withSliceEndpoints,
  withSpec,
} from "./kubernetes-service.ts";

/** Makes or corrects the Service `kubernetes` and its addresses. */
export async function ensureKubernetesService(
  world: { readonly read: ObjectReader; readonly writer: ObjectWriter },
  advertised: AdvertisedServer,
): Promise<readonly Ensured[]> {
  return Promise.all(
    parts(advertised).map(({ resource, wanted, correct }) => ensure(world, resource, wanted, correct)),
  );
}

/**
 * Keeps the Service `kubernetes` there: whoever deletes all services of namespace `default` would take the API from every
 * pod. Looks whenever one of its objects changes, and once at the start.
 */
export function keepKubernetesService(options: {
  readonly feed: ObjectFeed;
  readonly writer: ObjectWriter;
  readonly advertised: AdvertisedServer;
  readonly logger: Logger;
}): { close(): void } {
  const { feed, writer, advertised, logger } = options;
  let looks: Promise<unknown> = Promise.resolve();
  const look = () => {
    looks = looks
      .then(() => ensureKubernetesService({ read: feed, writer }, advertised))
      .catch((error) =>
        logger.error("cannot bring back the service kubernetes", { error: messageOf(error) }),
      );
  };
  const follows = parts(advertised).map(({ resource, wanted }) =>
    feed.follow(resource, look, wanted.metadata),
  );
  return {
    close() {
      for (const follow of follows) follow.close();
    },
  };
}

interface Part {
  readonly resource: Resource<KubernetesObject>;
  readonly wanted: KubernetesObject;
  readonly correct: Correction<KubernetesObject>;
}

function parts(advertised: AdvertisedServer): Part[] {
  return [
    part(services, kubernetesService(advertised), withSpec),
    part(endpoints, kubernetesEndpoints(advertised), withEndpoints),
    part(endpointSlices, kubernetesEndpointSlice(advertised), withSliceEndpoints),
  ];
}

function part<T extends KubernetesObject>(resource: Resource<T>, wanted: T, correct: Correction<T>): Part {
  return { resource, wanted, correct } as unknown as Part;
}
