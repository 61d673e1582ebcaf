/** The ranges and names of one cluster on one machine. All names come from here, so clusters can stand side by side. */
export interface NetworkConfig {
  /** Device that holds the gateway's address, at most 15 characters: `nacre0`. Pods' links are named after it. */
  readonly bridge: string;
  /** nftables table of family ip: `nacre`. */
  readonly table: string;
  /** All pods: `10.244.0.0/16`. Packets into it that match no pod are rejected on this machine. */
  readonly clusterPodRange: string;
  /** This node's pods: `10.244.0.0/24`. The first address is the bridge's. */
  readonly nodePodRange: string;
  /** Services: `10.96.0.0/16`. Packets into it that match no service are rejected on this machine. */
  readonly serviceRange: string;
  /** The cluster's DNS service address: `10.96.0.10`. */
  readonly dnsAddress: string;
  readonly clusterDomain: string;
  /** Local addresses on which node ports and host ports answer. Default: loopback and the bridge's address; `0.0.0.0/0` for all. */
  readonly nodePortRanges: readonly string[];
  /** Directory for what must survive an agent restart: leases, ruleset files. */
  readonly stateDirectory: string;
}

/** The pods' side of the network: one link each. Idempotent; leases survive restarts. */
export interface PodNetwork {
  /** Gives the namespace an address, a default route and loopback; publishes host ports. */
  attach(attachment: PodAttachment): Promise<PodAddress>;
  detach(id: string): Promise<void>;
  /** Leases by id: after a restart, what no pod claims can be detached. */
  leases(): Promise<ReadonlyMap<string, PodAddress>>;
}

export interface PodAttachment {
  /** Pod uid. */
  readonly id: string;
  /** Path of the network namespace. */
  readonly networkNamespace: string;
  readonly hostPorts: readonly HostPort[];
}

export interface HostPort {
  readonly protocol: "TCP" | "UDP";
  readonly hostPort: number;
  readonly hostAddress: string | undefined;
  readonly containerPort: number;
}

export interface PodAddress {
  readonly addresses: readonly string[];
}
