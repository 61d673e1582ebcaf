import type { Service } from "#api";
import type { Clock, Logger, Random } from "#base";
import type { Client, Informer } from "#client";
import type { Host } from "#host";
import type { PodNetwork } from "#network";
import type { ContainerRuntime, ImageStore } from "#runtime";
import type { DnsConfig } from "./containers/host-files.ts";
import type { KubernetesService } from "./environment/service-variables.ts";
import type { EventRecorder } from "./events.ts";
import type { Layout } from "./layout.ts";
import type { Machine } from "./node/machine.ts";
import type { ObjectSource } from "./objects.ts";
import type { ClaimVolumes } from "./volumes/persistent/claim-volumes.ts";

/** Who knows when a pod has left the services of this node. */
export interface PodDepartures {
  /** Resolves when no service here leads to the pod any more. Rejects with the signal's reason. */
  left(uid: string, signal: AbortSignal): Promise<void>;
}

/** What every part of the agent stands on. Made once, by `startAgent`. */
export interface AgentContext {
  readonly client: Client;
  readonly host: Host;
  readonly runtime: ContainerRuntime;
  readonly images: ImageStore;
  readonly network: PodNetwork;
  readonly departures?: PodDepartures;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly events: EventRecorder;
  /** ConfigMaps, Secrets and claims of this node's pods. */
  readonly objects: ObjectSource;
  /** Services of all namespaces, as last seen. */
  readonly services: Pick<Informer<Service>, "values" | "synced">;
  readonly claims: ClaimVolumes;
  readonly layout: Layout;
  readonly nodeName: string;
  /** The node's own addresses. */
  readonly hostAddresses: readonly string[];
  readonly dns: DnsConfig;
  readonly kubernetes: KubernetesService;
  readonly machine: Machine;
}
