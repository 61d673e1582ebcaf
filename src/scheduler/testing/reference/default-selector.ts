import type { Pod } from "#api";
import { type Condition, conditionsOf, equals, holds } from "./selectors.ts";
import { labelsOf, nameOf, namespaceOf, type World } from "./world.ts";

/** Which pods belong together with this one: those of its services and of the set that controls it. No conditions: nobody. */
export function siblingsOf(pod: Pod, world: World): readonly Condition[] {
  const isNear = (object: { metadata?: { namespace?: string } }) => namespaceOf(object) === namespaceOf(pod);
  const services = world.services
    .filter(isNear)
    .map((service) => Object.entries(service.spec?.selector ?? {}).map(([key, value]) => equals(key, value)))
    .filter((conditions) => conditions.length > 0 && conditions.every((each) => holds(each, labelsOf(pod))));
  const owner = pod.metadata?.ownerReferences?.find(({ controller }) => controller);
  const isOwner = (kind: string, apiVersion: string) => (object: { metadata?: { name?: string } }) =>
    owner?.kind === kind && owner.apiVersion === apiVersion && nameOf(object) === owner.name;
  const controllers = world.replicationControllers
    .filter(isNear)
    .filter(isOwner("ReplicationController", "v1"))
    .map(({ spec }) => Object.entries(spec?.selector ?? {}).map(([key, value]) => equals(key, value)));
  const sets = [
    ...world.replicaSets.filter(isNear).filter(isOwner("ReplicaSet", "apps/v1")),
    ...world.statefulSets.filter(isNear).filter(isOwner("StatefulSet", "apps/v1")),
  ].map(({ spec }) => (spec?.selector ? conditionsOf(spec.selector) : []));
  return [...services, ...controllers, ...sets].flat();
}
