import { jsonEqual, type Lease, leases, type Node, type NodeCondition, type NodeStatus, nodes } from "#api";
import {
  type Clock,
  isAborted,
  isAlreadyExists,
  isConflict,
  isNotFound,
  type Logger,
  messageOf,
  must,
  type Timer,
} from "#base";
import { type Client, compareRevisions, only } from "#client";
import type { Image } from "#runtime";
import { backOffMs, limits } from "../limits.ts";
import { createCsiNode } from "./csi-node.ts";
import type { Machine } from "./machine.ts";
import {
  type NodeHealth,
  type NodeIdentity,
  nodeConditions,
  nodeLabels,
  nodeObject,
  nodeStatus,
} from "./node-object.ts";

export interface NodeRegistrationOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly identity: NodeIdentity;
  readonly machine: Machine;
  readonly signal: AbortSignal;
  readonly images: () => Promise<readonly Image[]>;
  readonly health: () => Promise<NodeHealth>;
  /** A node that others make and remove, as it is now: it never registers itself (the kubelet's `--register-node=false`). */
  readonly made?: Node;
  /** Until the next beat, from the end of one on; asked each time. `limits.leaseRenewMs` unless given. */
  readonly pauseMs?: () => number;
  /** Called at every heartbeat: other rare work shares the wake-up. */
  readonly onBeat: () => void;
}

const leaseNamespace = "kube-node-lease";

/** Of what was just sent, only the version is news. */
const answeredByVersion = { projection: "metadata", omit: "managedFields" } as const;

/**
 * The node in the API: registers it, renews its lease, keeps its status true. One timer for all of it; a status is
 * written when it differs from the last one, and every five minutes.
 */
export class NodeRegistration {
  readonly #options: NodeRegistrationOptions;
  #timer: Timer | undefined;
  #node: Node | undefined;
  #lease: Lease | undefined;
  #conditions: readonly NodeCondition[] = [];
  /** Of the status that was written last, all but when it was: undefined when the next one is written whatever it says. */
  #written: NodeStatus | undefined;
  /** What the last status was made of. */
  #found: { readonly health: NodeHealth; readonly images: readonly Image[] } | undefined;
  /** Of the node after the last write of its status. */
  #revision = "";
  #writtenAt = 0;
  #beatAt = 0;
  /** From the start on: observing what registration itself does is no reason for more. */
  #beating = true;
  #again = false;

  constructor(options: NodeRegistrationOptions) {
    this.#options = options;
    this.#node = options.made;
  }

  /** The labels as the API has them; before registration those the node gives itself. */
  get labels(): Readonly<Record<string, string>> {
    const { identity, machine } = this.#options;
    return { ...nodeLabels(identity, machine), ...this.#node?.metadata?.labels };
  }

  /** The conditions of pressure that it is in. */
  get pressures(): readonly string[] {
    return this.#conditions.flatMap(({ type, status }) =>
      type.endsWith("Pressure") && status === "True" ? [type] : [],
    );
  }

  /** The node's uid, for events about it. */
  get uid(): string {
    return this.#node?.metadata?.uid ?? "";
  }

  /** Registers and begins to beat. Tries until the API answers. */
  async start(): Promise<void> {
    const { clock, logger, signal } = this.#options;
    for (let failures = 1; !signal.aborted; failures += 1) {
      try {
        this.#node ??= await this.#register();
        this.#conditions = this.#node.status?.conditions ?? [];
        await this.updateStatus();
        this.#beatAt = clock.now();
        break;
      } catch (error) {
        if (isAborted(error) || signal.aborted) return;
        if (failures === 1) logger.warn(`registering the node: ${messageOf(error)}`);
        await clock
          .sleep(backOffMs(failures, limits.statusRetryInitialMs, limits.statusRetryMaximumMs), signal)
          .catch(() => {});
      }
    }
    await this.#beat();
  }

  close(): void {
    this.#timer?.cancel();
  }

  /** The node as the API has it now. Somebody who took it for lost is told otherwise at once; deleted, it registers anew. */
  observe(node: Node | undefined): void {
    this.#node = node;
    if (!node) {
      this.#options.logger.warn("the node was deleted from the API: it registers again");
      this.#lease = undefined;
    } else if (compareRevisions(node.metadata?.resourceVersion ?? "", this.#revision) <= 0) return;
    else if (saysTheSame(node.status?.conditions, this.#conditions)) return;
    this.#conditions = node?.status?.conditions ?? [];
    this.#written = undefined;
    this.#beatSoon();
  }

  /** Reads the node, for when the watch may not have told of a change yet. */
  async refresh(): Promise<void> {
    const { client, identity, signal } = this.#options;
    this.observe(await client.resource(nodes).get(identity.name, { signal }));
  }

  /** Writes the status when it has changed, or has not been written for long. */
  async updateStatus(): Promise<void> {
    const { client, clock, identity, machine, images, health, signal } = this.#options;
    const now = clock.now();
    const found = { health: await health(), images: await images() };
    const isDue = now - this.#writtenAt >= limits.nodeStatusMs;
    // What is the very same is not put into words only to be compared.
    const isSame = found.health === this.#found?.health && found.images === this.#found.images;
    if (isSame && this.#written && !isDue) return;
    const conditions = nodeConditions(found.health, this.#conditions, now);
    const status: NodeStatus = { ...nodeStatus(identity, machine, found.images), conditions };
    const said = { ...status, conditions: conditions.map(({ lastHeartbeatTime: _, ...rest }) => rest) };
    this.#found = found;
    if (jsonEqual(said, this.#written) && !isDue) return;
    const written = await client
      .resource(nodes)
      .patch(
        identity.name,
        { type: "strategic", patch: { status: this.#newIn(status) } },
        { subresource: "status", ...answeredByVersion, signal },
      );
    this.#revision = written.metadata?.resourceVersion ?? "";
    this.#conditions = conditions;
    this.#written = said;
    this.#writtenAt = now;
  }

  /** What the API does not have: a patch says nothing of the rest, which is most of a status. All of it while the API may have more than was observed. */
  #newIn(status: NodeStatus): NodeStatus {
    const { metadata, status: known = {} } = this.#node ?? {};
    if (compareRevisions(metadata?.resourceVersion ?? "", this.#revision) < 0) return status;
    const fields = Object.keys(status) as (keyof NodeStatus)[];
    return only(
      status,
      fields.filter((field) => !jsonEqual(status[field], known[field])),
    );
  }

  async #beat(): Promise<void> {
    const { clock, signal, onBeat, pauseMs } = this.#options;
    this.#beating = true;
    do {
      this.#again = false;
      if (signal.aborted) return;
      await this.#report();
    } while (this.#again);
    this.#beating = false;
    if (signal.aborted) return;
    onBeat();
    const ms = pauseMs?.() ?? limits.leaseRenewMs;
    this.#timer = clock.setTimer(ms, () => void this.#beat(), { unref: true });
  }

  /** At once, or right after the one that is under way. */
  #beatSoon(): void {
    this.#again = true;
    if (this.#beating) return;
    this.#timer?.cancel();
    void this.#beat();
  }

  async #report(): Promise<void> {
    const { clock, logger, signal } = this.#options;
    try {
      this.#node ??= await this.#register();
      await this.#renewLease();
      if (clock.now() - this.#beatAt > limits.leaseDurationSeconds * 1000) await this.#reread();
      await this.updateStatus();
      this.#beatAt = clock.now();
    } catch (error) {
      if (isNotFound(error)) this.#node = undefined;
      if (!signal.aborted) logger.debug(`heartbeat: ${messageOf(error)}`);
    }
  }

  /** Out of touch for longer than the lease holds, the node has been given up: what the API says of it is not what was last sent. */
  async #reread(): Promise<void> {
    const { client, identity, signal } = this.#options;
    this.#node = await client.resource(nodes).get(identity.name, { signal });
    this.#conditions = this.#node.status?.conditions ?? [];
    this.#written = undefined;
  }

  async #register(): Promise<Node> {
    const { client, identity, machine, made, signal } = this.#options;
    const wanted = nodeObject(identity, machine);
    const resource = client.resource(nodes);
    if (made) return resource.get(identity.name, { signal });
    try {
      const created = await resource.create(wanted, { signal });
      await createCsiNode(client, created, signal);
      return created;
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
    }
    const found = await resource.get(identity.name, { signal });
    const { labels = {}, annotations = {} } = wanted.metadata ?? {};
    const isSaid =
      includes(found.metadata?.labels, labels) && includes(found.metadata?.annotations, annotations);
    if (isSaid && found.spec?.podCIDR) return found;
    const patch = {
      metadata: { labels, annotations },
      ...(found.spec?.podCIDR ? {} : { spec: wanted.spec }),
    };
    return resource.patch(identity.name, { type: "strategic", patch }, { signal });
  }

  async #renewLease(): Promise<void> {
    const { client, clock, identity, signal } = this.#options;
    const resource = client.resource(leases, leaseNamespace);
    const renewTime = new Date(clock.now()).toISOString().replace("Z", "000Z");
    const lean = { signal, omit: "managedFields" } as const;
    const spec = {
      holderIdentity: identity.name,
      leaseDurationSeconds: limits.leaseDurationSeconds,
      renewTime,
    };
    try {
      const lease = this.#lease;
      if (lease) {
        const { metadata } = await resource.update({ ...lease, spec }, { signal, ...answeredByVersion });
        // The rest is as it was: had anybody changed it, the version would have been stale. An object that is kept from one renewal to the
        // next costs the garbage collector more than its making.
        Object.assign(must(lease.metadata, "a lease that was read has metadata"), {
          resourceVersion: metadata?.resourceVersion,
        });
        return;
      }
      // The first answer is sent with all further renewals.
      this.#lease = await resource.create(
        { metadata: { name: identity.name, namespace: leaseNamespace, ...this.#owner() }, spec },
        lean,
      );
    } catch (error) {
      if (!isAlreadyExists(error) && !isConflict(error) && !isNotFound(error)) throw error;
      // Somebody else's version, or none: read it, and write over it at once.
      this.#lease = undefined;
      if (isNotFound(error)) return;
      const found = await resource.get(identity.name, { signal });
      this.#lease = await resource.update({ ...found, spec }, lean);
    }
  }

  /** The lease goes with its node. */
  #owner(): Pick<NonNullable<Lease["metadata"]>, "ownerReferences"> {
    const { identity } = this.#options;
    if (!this.uid) return {};
    return { ownerReferences: [{ apiVersion: "v1", kind: "Node", name: identity.name, uid: this.uid }] };
  }
}

function includes(found: Record<string, string> = {}, wanted: Record<string, string>): boolean {
  return Object.entries(wanted).every(([key, value]) => found[key] === value);
}

/** Whether the conditions that the node writes are as it wrote them. */
function saysTheSame(found: readonly NodeCondition[] = [], own: readonly NodeCondition[]): boolean {
  return own.every(({ type, status }) => found.some((one) => one.type === type && one.status === status));
}
