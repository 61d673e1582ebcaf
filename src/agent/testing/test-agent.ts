import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Pod, type PodSpec, pods, services, type Transport } from "#api";
import { type Clock, type Logger, seededRandom, silentLogger, systemClock, type Timer } from "#base";
import { type Client, createClient, Informer } from "#client";
import { createHost, type Host } from "#host";
import type { PodNetwork } from "#network";
import { type BehaviourOf, type SimulatedRuntime, simulatedImages, simulatedRuntime } from "#runtime";
import { type Agent, startAgent } from "../agent.ts";
import type { Machine } from "../node/machine.ts";
import type { HttpAnswer, ProbeDialer } from "../probes/dialer.ts";

export interface TestNode {
  readonly client: Client;
  readonly host: Host;
  readonly runtime: SimulatedRuntime;
  readonly clock: FastClock;
  readonly directory: string;
  agent: Agent;
  /** Ends the agent and starts another one over the same machine. */
  restart(): Promise<void>;
  /** Creates a pod bound to this node. */
  run(name: string, spec: Partial<PodSpec> & Pick<PodSpec, "containers">): Promise<Pod>;
  pod(name: string): Promise<Pod | undefined>;
  /** Waits until the pod in the API is as wanted; undefined: gone. */
  until(name: string, what: string, holds: (pod: Pod | undefined) => boolean): Promise<Pod>;
  events(name: string): Promise<string[]>;
  /** Waits until all of these are among the events of the object; these events. */
  told(name: string, ...wanted: readonly string[]): Promise<string[]>;
  close(): Promise<void>;
}

export interface TestNodeOptions {
  /** The API server; with the node's clock. */
  readonly server: (clock: Clock) => Transport;
  readonly behaviour?: BehaviourOf;
  readonly present?: readonly string[];
  readonly answer?: () => HttpAnswer;
  readonly machine?: Partial<Machine>;
  /** What stands between the agent and the machine's files. */
  readonly files?: (real: Host["files"]) => Host["files"];
  readonly logger?: Logger;
  readonly pullFailure?: Parameters<typeof simulatedImages>[0]["pullFailure"];
}

/** A clock that runs many times faster than the machine's, so that minutes of back-off pass in milliseconds, in order. */
export class FastClock implements Clock {
  readonly #factor: number;
  readonly #start: number = systemClock.now();

  constructor(factor: number) {
    this.#factor = factor;
  }

  now(): number {
    return Math.floor(this.#start + (systemClock.now() - this.#start) * this.#factor);
  }

  monotonicMs(): number {
    return systemClock.monotonicMs() * this.#factor;
  }

  setTimer(delayMs: number, callback: () => void, options?: { readonly unref?: boolean }): Timer {
    return systemClock.setTimer(delayMs / this.#factor, callback, options);
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return systemClock.sleep(delayMs / this.#factor, signal);
  }
}

/** One node: the real agent and files, over a simulated runtime, a network on paper and an API server in memory. */
export async function testNode(options: TestNodeOptions): Promise<TestNode> {
  const directory = await mkdtemp(join(tmpdir(), "nacre-test-agent-"));
  const clock = new FastClock(100);
  const logger = options.logger ?? silentLogger;
  const server = options.server(clock);
  const client = createClient({ transport: server, clock, random: seededRandom(1) });
  const real = createHost({ clock: systemClock, logger });
  const host = { ...real, files: options.files?.(real.files) ?? real.files };
  const images = simulatedImages({
    clock,
    present: options.present ?? ["busybox"],
    ...(options.pullFailure ? { pullFailure: options.pullFailure } : {}),
  });
  const behaviour = options.behaviour ?? (() => ({}));
  const runtime = simulatedRuntime({ clock, images, behaviour });
  const network = paperNetwork();
  let seed = 0;
  const start = async () => {
    seed += 1;
    const aborter = new AbortController();
    const common = { client, clock, random: seededRandom(seed), logger };
    const agent = await startAgent({
      ...common,
      host,
      runtime,
      images,
      network,
      services: new Informer({ ...common, resource: services, signal: aborter.signal }),
      nodeName: "node",
      nodeAddresses: ["192.0.2.1"],
      podRange: "10.244.0.0/24",
      directories: { state: `${directory}/state`, memory: `${directory}/memory`, logs: `${directory}/logs` },
      dns: { address: "10.96.0.10", domain: "cluster.local" },
      kubernetes: { address: "10.96.0.1", port: 443 },
      version: "v1.36.0",
      dialer: paperDialer(options.answer ?? (() => ({ status: 200, body: "" }))),
      machine: { ...smallMachine, ...options.machine },
    });
    const close = async () => {
      await agent.close();
      aborter.abort();
    };
    return { ...agent, close };
  };
  const api = client.resource(pods, "default");
  const read = (name: string) => api.get(name).catch(() => undefined);
  const node: TestNode = {
    client,
    host,
    runtime,
    clock,
    directory,
    agent: await start(),
    async restart() {
      await node.agent.close();
      node.agent = await start();
    },
    run: (name, spec) =>
      api.create({ metadata: { name, namespace: "default" }, spec: { nodeName: "node", ...spec } }),
    pod: read,
    async until(name, what, holds) {
      // A failure, not a pace: within it a machine of two cores gives everybody else their turn.
      const deadline = systemClock.now() + 30_000;
      for (;;) {
        const pod = await read(name);
        if (holds(pod)) return pod as Pod;
        if (systemClock.now() > deadline)
          throw new Error(`pod ${name} never was ${what}: ${JSON.stringify(pod?.status)}`);
        await systemClock.sleep(2);
      }
    },
    async events(name) {
      const found = await client.raw<{
        items: { involvedObject: { name: string }; reason: string; message: string; count?: number }[];
      }>("GET", "/api/v1/events");
      return found.items
        .filter((event) => event.involvedObject.name === name)
        .map((event) => `${event.reason}: ${event.message}`);
    },
    async told(name, ...wanted) {
      const deadline = systemClock.now() + 30_000;
      for (;;) {
        const events = await node.events(name);
        if (wanted.every((one) => events.includes(one))) return events;
        if (systemClock.now() > deadline)
          throw new Error(`of ${name} is told only: ${events.join("\n")}, not ${wanted.join("\n")}`);
        await systemClock.sleep(2);
      }
    },
    async close() {
      await node.agent.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
  return node;
}

export const smallMachine: Machine = {
  cpuMilli: 2000,
  memoryBytes: 4 * 2 ** 30,
  storageBytes: 100 * 2 ** 30,
  allocatable: { cpuMilli: 1900, memoryBytes: 3.75 * 2 ** 30, storageBytes: 90 * 2 ** 30 },
  hostname: "node",
  machineId: "0",
  systemUuid: "0",
  bootId: "0",
  kernelVersion: "6.18",
  osImage: "Test",
  architecture: "amd64",
};

/** Gives out addresses, and remembers them as leases. */
function paperNetwork(): PodNetwork {
  const leases = new Map<string, { addresses: readonly string[] }>();
  let last = 1;
  return {
    async attach({ id }) {
      const known = leases.get(id);
      if (known) return known;
      last += 1;
      const lease = { addresses: [`10.244.0.${last}`] };
      leases.set(id, lease);
      return lease;
    },
    async detach(id) {
      leases.delete(id);
    },
    leases: async () => leases,
  };
}

function paperDialer(answer: () => HttpAnswer): ProbeDialer {
  return {
    httpGet: async () => answer(),
    tcp: async () => {},
    grpcHealth: async () => "SERVING",
  };
}

/** Waits until something outside the API holds. */
export async function eventually(holds: () => Promise<boolean>): Promise<void> {
  for (let turns = 0; !(await holds()); turns += 1) {
    if (turns >= 50_000) throw new Error("it never came to hold");
    await new Promise(setImmediate);
  }
}
