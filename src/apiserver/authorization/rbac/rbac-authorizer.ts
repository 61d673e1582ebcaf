import {
  clusterRoleBindings,
  clusterRoles,
  type KubernetesObject,
  type Resource,
  roleBindings,
  roles,
} from "#api";
import type { Authorizer, ObjectFeed } from "../../ports.ts";
import { RbacIndex } from "./rbac-index.ts";

/** Role-based access control: the index follows the stored roles and bindings. */
export interface RbacAuthorizer extends Authorizer {
  readonly index: RbacIndex;
  close(): void;
}

export function rbacAuthorizer(feed: ObjectFeed): RbacAuthorizer {
  const index = new RbacIndex();
  const follows = [
    follow(
      feed,
      clusterRoles,
      (role) => index.setRole(role),
      (name) => index.removeRole(name),
    ),
    follow(
      feed,
      roles,
      (role, home) => index.setRole(role, home),
      (name, home) => index.removeRole(name, home),
    ),
    follow(
      feed,
      clusterRoleBindings,
      (binding) => index.setBinding(binding),
      (name) => index.removeBinding(name),
    ),
    follow(
      feed,
      roleBindings,
      (binding, home) => index.setBinding(binding, home),
      (name, home) => index.removeBinding(name, home),
    ),
  ];
  return {
    index,
    authorize: (attributes) => index.decide(attributes),
    close() {
      for (const each of follows) each.close();
    },
  };
}

function follow<T extends KubernetesObject>(
  feed: ObjectFeed,
  resource: Resource<T>,
  set: (object: T, namespace: string) => void,
  remove: (name: string, namespace: string) => void,
): { close(): void } {
  return feed.follow(resource, ({ object, previous }) => {
    if (object) set(object, object.metadata?.namespace ?? "");
    else if (previous) remove(previous.metadata?.name ?? "", previous.metadata?.namespace ?? "");
  });
}
