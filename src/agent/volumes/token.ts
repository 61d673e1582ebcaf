import { type Pod, serviceAccounts } from "#api";
import type { Client } from "#client";
import { limits } from "../limits.ts";

/** A service-account token for one pod, and when to ask for the next. */
export interface PodToken {
  readonly token: string;
  /** Milliseconds since the epoch. */
  readonly refreshAt: number;
}

export interface TokenOptions {
  readonly audience: string | undefined;
  readonly expirationSeconds: number;
}

interface TokenRequest {
  readonly apiVersion: "authentication.k8s.io/v1";
  readonly kind: "TokenRequest";
  readonly spec: {
    readonly audiences: readonly string[];
    readonly expirationSeconds: number;
    readonly boundObjectRef: {
      readonly kind: "Pod";
      readonly apiVersion: "v1";
      readonly name: string;
      readonly uid: string;
    };
  };
  readonly status?: { readonly token: string; readonly expirationTimestamp: string };
}

/** Asks the API for a token bound to the pod: it ends with the pod (TokenRequest, KEP-1205). */
export async function requestToken(
  client: Client,
  pod: Pod,
  options: TokenOptions,
  now: number,
): Promise<PodToken> {
  const { namespace = "", name = "", uid = "" } = pod.metadata ?? {};
  const account = pod.spec?.serviceAccountName || "default";
  const request: TokenRequest = {
    apiVersion: "authentication.k8s.io/v1",
    kind: "TokenRequest",
    spec: {
      audiences: options.audience ? [options.audience] : [],
      expirationSeconds: options.expirationSeconds,
      boundObjectRef: { kind: "Pod", apiVersion: "v1", name, uid },
    },
  };
  const answer = await client
    .resource(serviceAccounts, namespace)
    .postSubresource<TokenRequest, TokenRequest>(account, "token", request);
  if (!answer.status?.token)
    throw new Error(`the API gave no token for service account ${namespace}/${account}`);
  const lifeMs = Date.parse(answer.status.expirationTimestamp) - now;
  const refreshMs = Math.min(lifeMs * limits.tokenRefreshFraction, limits.tokenRefreshMaximumMs);
  return { token: answer.status.token, refreshAt: now + refreshMs };
}
