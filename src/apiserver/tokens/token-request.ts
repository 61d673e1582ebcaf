import {
  type BoundObjectReference,
  nodes,
  type Pod,
  pods,
  type Resource,
  type ServiceAccount,
  secrets,
  serviceAccounts,
  type TokenRequest,
} from "#api";
import { badRequest, conflict, forbidden, invalid, notFound } from "#base";
import { nodeNameOf } from "../authorization/node/node-name.ts";
import type { ObjectReader, VirtualResource } from "../ports.ts";
import { type ObjectClaim, serviceAccountUser, type TokenClaims } from "./claims.ts";
import { defaultTokenSeconds, maxTokenSeconds, minTokenSeconds } from "./limits.ts";
import type { TokenIssuer } from "./token-issuer.ts";

/** `POST serviceaccounts/NAME/token`: a signed token for a service account, perhaps bound to a pod, secret or node. */
export function tokenRequests(issuer: TokenIssuer): VirtualResource {
  return {
    handles: ({ resource, subresource, verb }) =>
      verb === "create" && subresource === "token" && resource?.resource === serviceAccounts.resource,
    async create(object, { name = "", namespace = "", user }, read) {
      const request = object as TokenRequest;
      const node = nodeNameOf(user);
      if (node !== undefined) checkNode(node, request, name, namespace, read);
      const account = read.get(serviceAccounts, name, namespace);
      if (!account) throw notFound({ resource: "serviceaccounts", name });
      const spec = request.spec ?? {};
      const audiences = spec.audiences?.length ? spec.audiences : [issuer.issuer];
      const asked = checkExpiration(spec.expirationSeconds ?? defaultTokenSeconds, name);
      const seconds = Math.min(asked, maxTokenSeconds);
      const bound = spec.boundObjectRef ? bindTo(spec.boundObjectRef, account, read) : {};
      const { token, claims } = await issuer.sign(
        {
          sub: serviceAccountUser(namespace, name),
          aud: audiences,
          "kubernetes.io": {
            namespace,
            serviceaccount: { name, uid: account.metadata?.uid ?? "" },
            ...bound,
          },
        },
        seconds,
      );
      return {
        ...request,
        metadata: {
          ...request.metadata,
          name,
          namespace,
          creationTimestamp: rfc3339(claims.iat),
        },
        spec: { ...spec, audiences, expirationSeconds: seconds },
        status: { token, expirationTimestamp: rfc3339(claims.exp) },
      };
    },
  };
}

/** A node asks only in the name of a pod that it runs: such a token ends with the pod. */
function checkNode(
  node: string,
  request: TokenRequest,
  name: string,
  namespace: string,
  read: ObjectReader,
): void {
  const { boundObjectRef } = request.spec ?? {};
  const refuse = (why: string) => forbidden({ resource: "serviceaccounts", name }, why);
  if (boundObjectRef?.kind !== "Pod" || !boundObjectRef.name)
    throw refuse("node requested token not bound to a pod");
  if (!boundObjectRef.uid) throw refuse("node requested token with a pod binding without a uid");
  const pod = read.get(pods, boundObjectRef.name, namespace);
  if (pod && pod.spec?.nodeName !== node) {
    throw refuse("node requested token bound to a pod scheduled on a different node");
  }
}

type BoundClaims = Pick<TokenClaims["kubernetes.io"], "pod" | "secret" | "node">;

function bindTo(reference: BoundObjectReference, account: ServiceAccount, read: ObjectReader): BoundClaims {
  const namespace = account.metadata?.namespace ?? "";
  const name = reference.name ?? "";
  switch (`${reference.apiVersion}/${reference.kind}`) {
    case "v1/Pod": {
      const pod = find(read, pods, name, namespace, reference.uid);
      checkAccountOf(pod, account);
      return { pod: claimOf(pod), ...nodeOf(pod, read) };
    }
    case "v1/Secret":
      return { secret: claimOf(find(read, secrets, name, namespace, reference.uid)) };
    case "v1/Node":
      return { node: claimOf(find(read, nodes, name, undefined, reference.uid)) };
    default:
      throw badRequest(
        `cannot bind token to object of type ${reference.apiVersion}, Kind=${reference.kind}: only pods, secrets and nodes can hold a token`,
      );
  }
}

function find<T extends { metadata?: { uid?: string; name?: string } }>(
  read: ObjectReader,
  resource: Resource<T>,
  name: string,
  namespace: string | undefined,
  uid: string | undefined,
): T {
  const object = read.get(resource, name, namespace);
  if (!object) throw notFound({ resource: resource.resource, name });
  if (uid && uid !== object.metadata?.uid) {
    throw conflict(
      { resource: resource.resource, name },
      `the UID in the bound object reference (${uid}) does not match the UID in record. The object might have been deleted and then recreated`,
    );
  }
  return object;
}

function checkAccountOf(pod: Pod, account: ServiceAccount): void {
  const name = account.metadata?.name ?? "";
  if (pod.spec?.serviceAccountName !== name) {
    throw badRequest(
      `cannot bind token for serviceaccount "${name}" to pod running with different serviceaccount name.`,
    );
  }
}

/** A pod's token also says on which node the pod runs. */
function nodeOf(pod: Pod, read: ObjectReader): BoundClaims {
  const name = pod.spec?.nodeName;
  if (!name) return {};
  const uid = read.get(nodes, name)?.metadata?.uid;
  return { node: { name, ...(uid ? { uid } : {}) } };
}

function claimOf(object: { metadata?: { uid?: string; name?: string } }): ObjectClaim {
  return { name: object.metadata?.name ?? "", uid: object.metadata?.uid ?? "" };
}

function checkExpiration(seconds: number, name: string): number {
  if (seconds >= minTokenSeconds) return seconds;
  throw invalid({ resource: "serviceaccounts", group: "authentication.k8s.io", kind: "TokenRequest", name }, [
    {
      reason: "FieldValueInvalid",
      field: "spec.expirationSeconds",
      message: `Invalid value: ${seconds}: may not specify a duration less than 10 minutes`,
    },
  ]);
}

function rfc3339(seconds: number): string {
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}Z`;
}
