import { readFileSync } from "node:fs";
import { type Pod, pods } from "#api";
import { type Client, createClient, type ResourceClient } from "#client";
import { httpsTransport } from "#client/node";
import type { Endpoint } from "../load/load.ts";

/** What the programs of this folder are told. */
export interface PodsInput {
  readonly endpoint: Endpoint;
  readonly namespace: string;
  readonly count: number;
}

/** A client that applies pods and knows, from one watch, when their containers run and when they are gone. */
export interface PodsClient {
  readonly input: PodsInput;
  readonly pods: ResourceClient<Pod>;
  running(name: string): Promise<void>;
  gone(name: string): Promise<void>;
  close(): Promise<void>;
}

export function readInput(): PodsInput {
  return JSON.parse(readFileSync(process.argv[2] ?? "", "utf8")) as PodsInput;
}

export async function openPodsClient(): Promise<PodsClient> {
  const input = readInput();
  const { host, port, authority, certificate, key } = input.endpoint;
  const server = `https://${host}:${port}`;
  const transport = httpsTransport({ server, authority, credentials: { certificate, key } });
  const client: Client = createClient({ transport, fieldManager: "bench" });
  const resource = client.resource(pods, input.namespace);
  const ended = new AbortController();
  const states = new Map<string, { running: Signal; gone: Signal }>();
  const stateOf = (name: string) => {
    const known = states.get(name) ?? { running: signal(), gone: signal() };
    states.set(name, known);
    return known;
  };
  const { metadata } = await resource.list();
  const watched = watch(resource, metadata?.resourceVersion ?? "0", ended.signal, stateOf);
  return {
    input,
    pods: resource,
    running: (name) => Promise.race([stateOf(name).running.promise, watched]),
    gone: (name) => Promise.race([stateOf(name).gone.promise, watched]),
    async close() {
      ended.abort();
      await client.close();
    },
  };
}

export function restlessPod(name: string): Pod {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, labels: { app: "bench" } },
    spec: {
      containers: [{ name: "main", image: "busybox:1", command: ["/bin/busybox", "sleep", "100000"] }],
    },
  };
}

interface Signal {
  readonly promise: Promise<void>;
  readonly fire: () => void;
}

function signal(): Signal {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { promise, fire: resolve };
}

async function watch(
  resource: ResourceClient<Pod>,
  resourceVersion: string,
  ended: AbortSignal,
  stateOf: (name: string) => { running: Signal; gone: Signal },
): Promise<void> {
  try {
    for await (const { type, object } of resource.watch({ resourceVersion, signal: ended })) {
      const state = stateOf(object.metadata?.name ?? "");
      if (type === "DELETED") state.gone.fire();
      if (object.status?.containerStatuses?.[0]?.state?.running) state.running.fire();
    }
  } catch (error) {
    if (!ended.aborted) throw error;
  }
}
