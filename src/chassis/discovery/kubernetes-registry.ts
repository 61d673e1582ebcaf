import { type Clock, type Logger, silentLogger, systemClock } from "#base";
import { askedRegistry } from "./asked-registry.ts";
import { type EndpointSlice, instancesOf, type WantedPort } from "./endpoint-slices.ts";
import type { Instance } from "./instance.ts";
import { limits } from "./limits.ts";
import type { Registry } from "./registry.ts";

export interface KubernetesOptions extends Partial<WantedPort> {
  readonly namespace: string;
  /** The API server. Absent: `https://kubernetes.default.svc`, whose authority Node trusts by NODE_EXTRA_CA_CERTS. */
  readonly baseUrl?: string;
  /** Read for each question: tokens in mounted files change. */
  readonly token?: () => string | Promise<string>;
  readonly fetch?: typeof fetch;
  readonly clock?: Clock;
  readonly logger?: Logger;
}

interface SliceList {
  readonly metadata: { readonly resourceVersion: string };
  readonly items: readonly EndpointSlice[];
}

/**
 * Instances by the EndpointSlices of a Service. A watch is used as a bell: when it rings, or ends, the slices are listed anew. So there is nothing
 * to be kept up to date by hand, and a watch that has become too old heals by itself.
 */
export function kubernetesRegistry({
  namespace,
  baseUrl = "https://kubernetes.default.svc",
  port = "http",
  scheme = "http",
  token,
  fetch: send = fetch,
  clock = systemClock,
  logger = silentLogger,
}: KubernetesOptions): Registry {
  const ask = async (service: string, query: Readonly<Record<string, string>>, signal: AbortSignal) => {
    const search = new URLSearchParams({ labelSelector: `kubernetes.io/service-name=${service}`, ...query });
    const url = `${baseUrl}/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices?${search}`;
    const headers = token ? { authorization: `Bearer ${await token()}` } : {};
    const answer = await send(url, { signal, headers });
    if (answer.ok) return answer;
    await answer.body?.cancel();
    throw new Error(`${url} was answered ${answer.status}`);
  };
  const asker = (service: string) => {
    let known: string | undefined;
    return async (signal: AbortSignal): Promise<readonly Instance[]> => {
      if (known !== undefined) {
        const query = {
          watch: "true",
          resourceVersion: known,
          timeoutSeconds: String(limits.questionMs / 1000),
        };
        known = undefined;
        await bell(await ask(service, query, signal));
      }
      const list = (await (await ask(service, {}, signal)).json()) as SliceList;
      known = list.metadata.resourceVersion;
      return instancesOf(list.items, { port, scheme });
    };
  };
  return askedRegistry({ asker, refreshMs: 0, clock, logger });
}

/** Resolves with the first thing that is heard, or when nothing more will be. */
async function bell(answer: Response): Promise<void> {
  const reader = answer.body?.getReader();
  await reader?.read();
  await reader?.cancel();
}
