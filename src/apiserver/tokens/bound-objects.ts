import { type KubernetesObject, nodes, pods, type Resource, secrets, serviceAccounts } from "#api";
import type { ObjectReader } from "../ports.ts";
import type { ObjectClaim, TokenClaims } from "./claims.ts";

/**
 * Whether the service account of a token and the object it is bound to are still the ones it was made for: a token
 * ends with its pod. Returns why not, or undefined.
 */
export function invalidatedBy(claims: TokenClaims, read: ObjectReader): string | undefined {
  const { namespace, serviceaccount, pod, secret, node } = claims["kubernetes.io"];
  return (
    gone(read, serviceAccounts, "service account", serviceaccount, namespace) ??
    (pod && gone(read, pods, "pod", pod, namespace)) ??
    (secret && gone(read, secrets, "secret", secret, namespace)) ??
    (node && !pod ? gone(read, nodes, "node", node, undefined) : undefined)
  );
}

function gone(
  read: ObjectReader,
  resource: Resource,
  what: string,
  claim: ObjectClaim,
  namespace: string | undefined,
): string | undefined {
  const object: KubernetesObject | undefined = read.get(resource, claim.name, namespace);
  if (!object) return `${what} ${claim.name} has been deleted`;
  if (object.metadata?.uid !== claim.uid) return `${what} ${claim.name} was deleted and made anew`;
  return undefined;
}
