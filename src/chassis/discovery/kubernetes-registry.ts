import { type Clock, type Logger, silentLogger, systemClock } from "#base";
import { perform } from "../calls/perform.ts";
import { askedRegistry } from "./asked-registry.ts";
import { type EndpointSlice, instancesOf, type WantedPort } from "./endpoint-slices.ts";
import type { Instance } from "./instance.ts";
import { limits } from "./limits.ts";
import type { Registry } from "./registry.ts";
import { askAsServiceAccount, namespaceOfServiceAccount } from "./service-account.ts";

export interface KubernetesOptions extends Partial<WantedPort> {
  /** Absent: that of the pod that this runs in. */
  readonly namespace?: string;
  /** Asks the API server for a path. Absent: as the account of the pod that this runs in, which may `list` and `watch` EndpointSlices. */
  readonly ask?: (path: string, signal: AbortSignal) => Promise<Response>;
  readonly clock?: Clock;
  readonly logger?: Logger;
}

interface SliceList {
  readonly metadata: { readonly resourceVersion: string };
  readonly items: readonly EndpointSlice[];
}

interface SliceSource {
  readonly namespace?: string;
  readonly ask: NonNullable<KubernetesOptions["ask"]>;
  readonly clock: Clock;
}

/**
 * Instances by the EndpointSlices of a Service. A watch is used as a bell: when it rings, or ends, the slices are listed anew. So there is nothing
 * to be kept up to date by hand, and a watch that has become too old heals by itself.
 */
export function kubernetesRegistry({
  namespace,
  port = "http",
  scheme = "http",
  ask = askAsServiceAccount,
  clock = systemClock,
  logger = silentLogger,
}: KubernetesOptions = {}): Registry {
  const slices = new Slices({ ask, clock, ...(namespace === undefined ? {} : { namespace }) });
  const asker = (service: string) => {
    let known: string | undefined;
    return async (signal: AbortSignal): Promise<readonly Instance[]> => {
      const since = known;
      // Whatever becomes of the watch, the next thing is a list.
      known = undefined;
      if (since !== undefined) await slices.change(service, since, signal);
      const list = await slices.list(service, signal);
      known = list.metadata.resourceVersion;
      return instancesOf(list.items, { port, scheme });
    };
  };
  return askedRegistry({ asker, refreshMs: limits.leastListsApartMs, clock, logger });
}

/** The slices of a Service as an API server has them. A question that is not answered in time is given up: its connection may lead nowhere any more. */
class Slices {
  readonly #options: SliceSource;

  constructor(options: SliceSource) {
    this.#options = options;
  }

  list(service: string, signal: AbortSignal): Promise<SliceList> {
    return this.#within(limits.listMs, signal, async (inTime) => {
      const answer = await this.#ask(service, {}, inTime);
      return (await answer.json()) as SliceList;
    });
  }

  /** Resolves when something is no longer as it was, or may not be. */
  change(service: string, since: string, signal: AbortSignal): Promise<void> {
    const query = {
      watch: "true",
      resourceVersion: since,
      timeoutSeconds: String(limits.questionMs / 1000),
    };
    return this.#within(limits.questionMs + limits.listMs, signal, async (inTime) => {
      const reader = (await this.#ask(service, query, inTime)).body?.getReader();
      await reader?.read();
      await reader?.cancel();
    });
  }

  #within<T>(
    timeoutMs: number,
    signal: AbortSignal,
    question: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const { clock } = this.#options;
    return perform({ target: "the API server", timeoutMs, signal, clock }, (call) => question(call.signal));
  }

  async #ask(
    service: string,
    query: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<Response> {
    const namespace = this.#options.namespace ?? (await namespaceOfServiceAccount());
    const search = new URLSearchParams({ labelSelector: `kubernetes.io/service-name=${service}`, ...query });
    const path = `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices?${search}`;
    const answer = await this.#options.ask(path, signal);
    if (answer.ok) return answer;
    await answer.body?.cancel();
    throw new Error(`${path} was answered ${answer.status}`);
  }
}
