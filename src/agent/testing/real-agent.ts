import { services } from "#api";
import { type Logger, silentLogger, systemClock, systemRandom } from "#base";
import { type Client, Informer } from "#client";
import type { Connection } from "#client/node";
import { createHost, type Host } from "#host";
import { openPodNetwork, prepareNetwork, removeNetwork } from "#network";
import { type OpenedRuntime, openRuntime, removeRuntime } from "#runtime";
import { type Agent, startAgent } from "../agent.ts";

/** A machine for tests: a directory, and a name for its control groups. Its network is that of a namespace of its own. */
export interface TestMachine {
  readonly directory: string;
  readonly id: string;
}

export interface RealAgent {
  readonly agent: Agent;
  readonly opened: OpenedRuntime;
  /** The agent ends, containers go on. */
  stop(): Promise<void>;
}

export interface RealAgentOptions {
  readonly machine: TestMachine;
  readonly client: Client;
  readonly connection?: Connection;
  readonly nodeName?: string;
  readonly logger?: Logger;
}

/** The agent with real containers and a real network, on a machine that `prepareMachine` has prepared. */
export async function startRealAgent(options: RealAgentOptions): Promise<RealAgent> {
  const { machine, client, connection, nodeName = "node", logger = silentLogger } = options;
  const { directory } = machine;
  const host = createHost({ clock: systemClock, logger });
  const opened = await openRuntime(runtimeOptions(host, machine));
  const aborter = new AbortController();
  const common = { client, clock: systemClock, random: systemRandom, logger };
  const agent = await startAgent({
    ...common,
    host,
    runtime: opened.runtime,
    images: opened.images,
    network: await openPodNetwork(host, networkConfig(machine)),
    services: new Informer({ ...common, resource: services, signal: aborter.signal }),
    nodeName,
    nodeAddresses: ["10.244.0.1"],
    podRange: "10.244.0.0/24",
    directories: { state: `${directory}/agent`, memory: `${directory}/memory`, logs: `${directory}/logs` },
    dns: { address: "10.96.0.10", domain: "cluster.local" },
    kubernetes: { address: "10.96.0.1", port: 443 },
    version: "v1.36.0",
    ...(connection ? { connection } : {}),
  });
  await agent.started;
  return {
    agent,
    opened,
    async stop() {
      await agent.close();
      aborter.abort();
      await opened.close();
    },
  };
}

export async function prepareMachine(host: Host, machine: TestMachine): Promise<void> {
  await host.run({ program: "ip", arguments: ["link", "set", "lo", "up"] });
  await prepareNetwork(host, networkConfig(machine));
}

/** Kills and removes whatever runs on the machine, its network excepted, which goes with its namespace. Idempotent. */
export async function removeMachine(host: Host, machine: TestMachine): Promise<void> {
  await removeRuntime(runtimeOptions(host, machine));
  await removeNetwork(host, networkConfig(machine)).catch(() => {});
  await host.mounts.unmountAll(machine.directory);
  await host.files.remove(machine.directory);
}

function runtimeOptions(host: Host, { directory, id }: TestMachine) {
  return {
    host,
    stateDirectory: `${directory}/runtime`,
    runDirectory: `${directory}/run`,
    cgroupParent: id,
  };
}

function networkConfig({ directory }: TestMachine) {
  return {
    bridge: "test0",
    table: "test",
    clusterPodRange: "10.244.0.0/16",
    nodePodRange: "10.244.0.0/24",
    serviceRange: "10.96.0.0/16",
    dnsAddress: "10.96.0.10",
    clusterDomain: "cluster.local",
    nodePortRanges: ["127.0.0.0/8"],
    stateDirectory: `${directory}/network`,
  };
}
