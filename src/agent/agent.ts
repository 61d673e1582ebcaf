import { amountsOf, nodes, type Pod, pods } from "#api";
import { type Clock, type Logger, messageOf, type Random } from "#base";
import { type Client, Informer } from "#client";
import type { Connection } from "#client/node";
import type { Host } from "#host";
import type { PodNetwork } from "#network";
import type { ContainerRuntime, ImageStore } from "#runtime";
import type { DnsConfig } from "./containers/host-files.ts";
import type { AgentContext, PodDepartures } from "./context.ts";
import type { KubernetesService } from "./environment/service-variables.ts";
import { createPodEvents } from "./events.ts";
import { PressureGuard } from "./eviction/pressure-guard.ts";
import { pullCredentials } from "./images/credentials.ts";
import { ImageCollector } from "./images/garbage-collection.ts";
import { ImagePuller } from "./images/puller.ts";
import { type AgentDirectories, layoutOf } from "./layout.ts";
import { rotateLogs } from "./logs/rotate.ts";
import { createHealth } from "./node/health.ts";
import { type Machine, readMachine } from "./node/machine.ts";
import { type NodeIdentity, nodeResources } from "./node/node-object.ts";
import { NodeRegistration, type NodeRegistrationOptions } from "./node/registration.ts";
import { createObjectSource } from "./objects.ts";
import { openCheckpoint } from "./pods/checkpoint.ts";
import { Pods } from "./pods/pods.ts";
import { type ProbeDialer, systemDialer } from "./probes/dialer.ts";
import { createSummary } from "./stats/summary.ts";
import { StatusWriter } from "./status/status-writer.ts";
import { StorageGuard } from "./storage/storage-guard.ts";
import { StreamServer } from "./streams/server.ts";
import { httpsTunnelDialer } from "./tunnel/dial.ts";
import { runTunnel } from "./tunnel/tunnel.ts";
import { ClaimVolumes } from "./volumes/persistent/claim-volumes.ts";
import { removeDirectories } from "./volumes/persistent/removed-directories.ts";

export interface AgentOptions {
  /** Speaks as `system:node:NAME`. */
  readonly client: Client;
  readonly host: Host;
  readonly runtime: ContainerRuntime;
  readonly images: ImageStore;
  readonly network: PodNetwork;
  /** All services, for the variables of containers: whoever programs them for this node watches them anyway. */
  readonly services: AgentContext["services"];
  /** When a pod has left the services of this node; without it nobody waits for that. */
  readonly departures?: PodDepartures;
  readonly nodeName: string;
  /** The node's own addresses, the first one its main one. */
  readonly nodeAddresses: readonly string[];
  /** `10.244.0.0/24` */
  readonly podRange: string;
  readonly nodeLabels?: Readonly<Record<string, string>>;
  readonly directories: AgentDirectories;
  readonly dns: DnsConfig;
  /** Where pods reach the API. */
  readonly kubernetes: KubernetesService;
  /** As `kubectl get nodes` shows it: `v1.36.0`. */
  readonly version: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Where and with which certificate to dial the tunnel. Without it there are no logs and no exec through the API. */
  readonly connection?: Connection;
  /** Reaches pods for probes; default: the machine's own network. */
  readonly dialer?: ProbeDialer;
  /** What the machine is; default: read from it. */
  readonly machine?: Machine;
}

/** A node at work. */
export interface Agent {
  readonly streams: StreamServer;
  readonly pods: Pods;
  /** Resolves when the node is registered and its pods are looked after. */
  readonly started: Promise<void>;
  /** Ends the agent. Containers go on. */
  close(): Promise<void>;
}

/** Looks after the pods of one node, from now until `close`. */
export async function startAgent(options: AgentOptions): Promise<Agent> {
  const { client, clock, random, logger, host, directories, nodeName } = options;
  const aborter = new AbortController();
  const { signal } = aborter;
  const layout = layoutOf(directories);
  for (const directory of [directories.state, directories.memory, layout.checkpoint]) {
    await host.files.makeDirectory(directory, { mode: 0o700 });
  }
  await host.files.makeDirectory(directories.logs, { mode: 0o755 });
  const machine = options.machine ?? (await readMachine(host, directories.state));
  const watching = { client, clock, random, logger, signal };
  const podInformer = new Informer<Pod>({
    ...watching,
    resource: pods,
    fieldSelector: `spec.nodeName=${nodeName}`,
  });
  const objects = createObjectSource(watching);
  const claims = new ClaimVolumes({
    host,
    layout,
    objects,
    node: () => ({ name: nodeName, labels: registration.labels }),
  });
  const context: AgentContext = {
    ...options,
    events: createPodEvents(options),
    objects,
    claims,
    layout,
    hostAddresses: options.nodeAddresses,
    machine,
  };
  const collector = new ImageCollector({ ...options, storage: directories.state });
  const runtimeVersion = await options.runtime.version();
  const identity = identityOf(options, `${runtimeVersion.name}://${runtimeVersion.version}`);
  const onBeat = () => {
    void collector.collect();
    rotateLogs(options).catch((error) => logger.warn(`rotating logs: ${messageOf(error)}`));
    void guard.look();
    void pressure.look();
  };
  const registration = registrationOf(options, { identity, machine, signal, collector, onBeat });
  const nodeInformer = new Informer({
    ...watching,
    resource: nodes,
    fieldSelector: `metadata.name=${nodeName}`,
  });
  nodeInformer.addHandler({
    added: (node) => registration.observe(node),
    updated: (node) => registration.observe(node),
    deleted: () => registration.observe(undefined),
  });
  removeDirectories({ ...options, signal, root: layout.localVolumes, claims });
  const managed = podsOf(options, context, podInformer, registration, signal);
  const guard = new StorageGuard({ ...context, pods: managed });
  const pressure = new PressureGuard({ ...context, pods: managed, collector, storage: directories.state });
  const summary = createSummary({ ...options, storage: directories.state, pods: managed });
  const streams = new StreamServer({ ...context, pods: managed, summary });
  const { connection } = options;
  // Before it knows its pods, a node would deny that they are there.
  if (connection) {
    const dial = httpsTunnelDialer(connection);
    void managed.known.then(() => runTunnel({ ...options, dial, streams, signal }));
  }
  const registered = registration.start();
  const started = managed.start().then(() => registered);
  started.catch(() => {});
  return {
    pods: managed,
    streams,
    started,
    async close() {
      aborter.abort(new Error("the agent ends"));
      registration.close();
      await managed.close();
      await registered.catch(() => {});
    },
  };
}

function podsOf(
  options: AgentOptions,
  context: AgentContext,
  informer: Informer<Pod>,
  registration: NodeRegistration,
  signal: AbortSignal,
): Pods {
  const allocatable = { ...amountsOf(nodeResources(context.machine).allocatable) };
  return new Pods({
    context,
    informer,
    checkpoint: openCheckpoint(options.host, context.layout, options.logger),
    puller: new ImagePuller({
      ...context,
      credentials: (pod, reference) => pullCredentials(pod, reference, context.objects),
    }),
    dialer: options.dialer ?? systemDialer,
    statuses: new StatusWriter({ ...options, signal }),
    refresh: () => registration.refresh(),
    offer: () => ({
      nodeName: options.nodeName,
      allocatable,
      labels: registration.labels,
      pressures: registration.pressures,
    }),
  });
}

function identityOf(options: AgentOptions, runtimeVersion: string): NodeIdentity {
  return {
    name: options.nodeName,
    addresses: options.nodeAddresses,
    podRange: options.podRange,
    labels: options.nodeLabels ?? {},
    version: options.version,
    runtimeVersion,
    volumeDirectory: layoutOf(options.directories).localVolumes,
    port: kubeletPort,
  };
}

function registrationOf(
  options: AgentOptions,
  {
    collector,
    ...parts
  }: Pick<NodeRegistrationOptions, "identity" | "machine" | "signal" | "onBeat"> & {
    readonly collector: ImageCollector;
  },
): NodeRegistration {
  return new NodeRegistration({
    ...options,
    ...parts,
    images: async () => collector.notice(await options.images.list()),
    // Runtime and network were opened before the agent was started: without them it would not have been.
    health: createHealth({ ...options, storage: options.directories.state, notReady: () => undefined }),
  });
}

/** The kubelet's; nothing listens there: streams go through the tunnel. */
const kubeletPort = 10_250;
