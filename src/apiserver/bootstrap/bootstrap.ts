import {
  clusterRoleBindings,
  clusterRoles,
  namespaces,
  priorityClasses,
  roleBindings,
  roles,
  storageClasses,
} from "#api";
import { systemNamespaces } from "../admission/namespace-lifecycle.ts";
import {
  defaultClusterRoleBindings,
  defaultRoleBindings,
  defaultRoles,
} from "../authorization/defaults/defaults.ts";
import type { ObjectReader, ObjectWriter } from "../ports.ts";
import { type Ensured, ensure } from "./ensure.ts";
import { ensureKubernetesService } from "./keep-kubernetes-service.ts";
import type { AdvertisedServer } from "./kubernetes-service.ts";
import { defaultPriorityClasses } from "./priority-classes.ts";
import { aggregatedDefaults, withMissingRules, withMissingSubjects } from "./role-defaults.ts";
import { builtInStorageClass } from "./storage-classes.ts";

/**
 * Brings a cluster to the state every cluster begins with: system namespaces, default roles, priority classes, a storage
 * class, and the Service `kubernetes` through which pods reach the API. Runs at every start; writes only what is missing or
 * differs, so a warm start writes nothing. Several servers may do it at once.
 */
export async function bootstrap(options: {
  readonly read: ObjectReader;
  readonly writer: ObjectWriter;
  readonly advertised: AdvertisedServer;
}): Promise<Ensured> {
  const { read, writer, advertised } = options;
  const world = { read, writer };
  const none = () => undefined;
  const first = await Promise.all(
    systemNamespaces.map((name) => ensure(world, namespaces, { metadata: { name } }, none)),
  );
  const rest = await Promise.all([
    ...aggregatedDefaults().map((role) => ensure(world, clusterRoles, role, withMissingRules)),
    ...defaultClusterRoleBindings().map((each) =>
      ensure(world, clusterRoleBindings, each, withMissingSubjects),
    ),
    ...defaultRoles().map((role) => ensure(world, roles, role, withMissingRules)),
    ...defaultRoleBindings().map((each) => ensure(world, roleBindings, each, withMissingSubjects)),
    ...defaultPriorityClasses().map((each) => ensure(world, priorityClasses, each, none)),
    ensure(world, storageClasses, builtInStorageClass(), none),
  ]);
  const all = [...first, ...rest, ...(await ensureKubernetesService(world, advertised))];
  return {
    created: all.reduce((sum, each) => sum + each.created, 0),
    updated: all.reduce((sum, each) => sum + each.updated, 0),
  };
}
