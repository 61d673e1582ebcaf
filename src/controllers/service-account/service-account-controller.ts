import { configMaps, type Namespace, namespaces, serviceAccounts } from "#api";
import { isAlreadyExists } from "#base";
import { type Controller, controller, watch } from "#reconcile";
import type { ControllerContext } from "../context.ts";

const defaultName = "default";
const rootName = "kube-root-ca.crt";
const rootKey = "ca.crt";

/** Every namespace has a service account `default`, which pods that name no other run as. */
export function serviceAccountController({ client, informers }: ControllerContext): Controller {
  const all = informers.of(namespaces);
  const accounts = informers.of(serviceAccounts);
  return controller({
    name: "serviceaccount",
    watches: [watch(all), watch(accounts, { keys: namespaceOfNamed(defaultName), when: () => false })],
    reconcile: async (name) => {
      if (!isActive(all.get(name)) || accounts.get(defaultName, name)) return undefined;
      const account = { metadata: { name: defaultName, namespace: name } };
      await client.resource(serviceAccounts, name).create(account).catch(ignoreExisting);
      return undefined;
    },
  });
}

/** Every namespace has a ConfigMap `kube-root-ca.crt` with the authority by which pods recognize the API server. */
export function rootCertificateController(
  { client, informers }: ControllerContext,
  { authority }: { readonly authority: string },
): Controller {
  const all = informers.of(namespaces);
  const published = informers.of(configMaps, { fieldSelector: `metadata.name=${rootName}` });
  return controller({
    name: "root-ca-certificate-publisher",
    watches: [watch(all), watch(published, { keys: namespaceOfNamed(rootName) })],
    reconcile: async (name) => {
      if (!isActive(all.get(name))) return undefined;
      const known = published.get(rootName, name);
      const api = client.resource(configMaps, name);
      if (!known) {
        await api
          .create({ metadata: { name: rootName, namespace: name }, data: { [rootKey]: authority } })
          .catch(ignoreExisting);
      } else if (known.data?.[rootKey] !== authority || Object.keys(known.data).length !== 1) {
        await api.update({ ...known, data: { [rootKey]: authority } });
      }
      return undefined;
    },
  });
}

function isActive(namespace: Namespace | undefined): boolean {
  return namespace !== undefined && namespace.metadata?.deletionTimestamp === undefined;
}

/** The namespace's key, for the one object in it that matters. */
function namespaceOfNamed(name: string) {
  return ({ metadata }: { metadata?: { name?: string; namespace?: string } }): string[] =>
    metadata?.name === name && metadata.namespace ? [metadata.namespace] : [];
}

function ignoreExisting(error: unknown): void {
  if (!isAlreadyExists(error)) throw error;
}
