import {
  type Container,
  type Pod,
  type PodSpec,
  type ServiceAccount,
  serviceAccounts,
  type Volume,
} from "#api";
import { type Clock, nameSuffix, type Random } from "#base";
import type { AdmissionAttributes, AdmissionPlugin, ObjectFeed } from "../ports.ts";
import { appearance } from "./appearance.ts";
import { serviceAccountWaitMs } from "./limits.ts";
import { objectForbidden } from "./object-forbidden.ts";
import { writesPods } from "./pods-only.ts";

/** Where programs look for their token, the cluster's authority and their namespace. */
const mountPath = "/var/run/secrets/kubernetes.io/serviceaccount";

/** Asked for by the second over an hour, as Kubernetes does; whoever mounts it renews it. */
const tokenSeconds = 3607;

/** Every pod runs as a service account: its token is mounted, its pull secrets are used. */
export function serviceAccountPlugin(options: {
  readonly feed: ObjectFeed;
  readonly clock: Clock;
  readonly random: Random;
}): AdmissionPlugin {
  return {
    name: "ServiceAccount",
    handles: (attributes) => attributes.operation === "CREATE" && writesPods(attributes),
    async mutate(attributes) {
      const pod = attributes.object as Pod;
      const { spec } = pod;
      if (!spec || pod.metadata?.annotations?.["kubernetes.io/config.mirror"] !== undefined) return;
      spec.serviceAccountName ||= "default";
      spec.serviceAccount = spec.serviceAccountName;
      const account = await findAccount(attributes, spec.serviceAccountName, options);
      if (automounts(spec, account)) mountToken(spec, options.random);
      const { imagePullSecrets } = account;
      if (!spec.imagePullSecrets?.length && imagePullSecrets?.length) {
        spec.imagePullSecrets = imagePullSecrets.map((reference) => ({ ...reference }));
      }
    },
  };
}

/** A new namespace gets its default account from a controller: a pod that comes with the namespace waits for it. */
async function findAccount(
  attributes: AdmissionAttributes,
  name: string,
  { feed, clock }: { feed: ObjectFeed; clock: Clock },
): Promise<ServiceAccount> {
  const { namespace = "" } = attributes;
  const found =
    attributes.read.get(serviceAccounts, name, namespace) ??
    (await appearance(feed, serviceAccounts, { name, namespace, clock, timeoutMs: serviceAccountWaitMs }));
  if (found) return found;
  throw objectForbidden(
    attributes,
    `error looking up service account ${namespace}/${name}: serviceaccount "${name}" not found`,
  );
}

function automounts(spec: PodSpec, account: ServiceAccount): boolean {
  return spec.automountServiceAccountToken ?? account.automountServiceAccountToken ?? true;
}

function mountToken(spec: PodSpec, random: Random): void {
  // Nothing has been validated yet: a pod without containers is refused later.
  const { initContainers = [], containers: main = [] } = spec as Partial<PodSpec>;
  const containers: Container[] = [...initContainers, ...main];
  const without = containers.filter(
    (container) => !container.volumeMounts?.some((mount) => mount.mountPath === mountPath),
  );
  if (without.length === 0) return;
  const name = `kube-api-access-${nameSuffix(random)}`;
  for (const container of without) {
    container.volumeMounts ??= [];
    container.volumeMounts.push({ name, readOnly: true, mountPath });
  }
  spec.volumes ??= [];
  spec.volumes.push(tokenVolume(name));
}

function tokenVolume(name: string): Volume {
  return {
    name,
    projected: {
      defaultMode: 0o644,
      sources: [
        { serviceAccountToken: { expirationSeconds: tokenSeconds, path: "token" } },
        { configMap: { name: "kube-root-ca.crt", items: [{ key: "ca.crt", path: "ca.crt" }] } },
        {
          downwardAPI: {
            items: [{ path: "namespace", fieldRef: { apiVersion: "v1", fieldPath: "metadata.namespace" } }],
          },
        },
      ],
    },
  };
}
