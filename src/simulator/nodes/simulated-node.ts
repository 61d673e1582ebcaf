import { admit, type NodeOffer, NodeRegistration, StatusWriter } from "#agent";
import { isPodTerminal, type Node, type PersistentVolume, type Pod, type PodStatus } from "#api";
import type { Random } from "#base";
import { limits } from "../limits.ts";
import type { Behaviour } from "./behaviour.ts";
import { EndedPods } from "./ended-pods.ts";
import { EndedVolumes } from "./ended-volumes.ts";
import type { NodePower } from "./node-power.ts";
import { hasProcesses, type PodState } from "./pod-state.ts";
import { refusedStatus, simulatedStatus } from "./pod-status.ts";
import { sayingAll } from "./said-resources.ts";
import { addressesIn, addressIn, identityOf, machineOf, type NodeShape, offerOf } from "./shape.ts";
import { type PodHost, SimulatedPod } from "./simulated-pod.ts";

export interface SimulatedNodeOptions {
  readonly shape: NodeShape;
  /** Switches the machine on. */
  readonly power: (shape: NodeShape) => NodePower;
  /** The pods that the API has bound to the node; undefined before that is known. */
  readonly bound: (name: string) => readonly Pod[] | undefined;
  /** The volumes that are directories of the node. */
  readonly volumes: (name: string) => readonly PersistentVolume[];
  /** The node as the API has it; undefined: it has none. */
  readonly known: (name: string) => Node | undefined;
  readonly behaviourOf: (pod: Pod, random: Random) => Behaviour;
  readonly observer?: NodeObserver;
  readonly live?: LiveNode;
}

/**
 * A node in a live cluster, beside real ones. Others make and remove it, and pods go on where they were when the program that simulates
 * begins anew: to their users nothing has happened.
 */
export interface LiveNode {
  /** Of all nodes of the process: bounds what is written at a time. */
  readonly statuses: StatusWriter;
  /** Until a node renews its lease again. Made for each, asked each time. */
  readonly beats: (power: NodePower) => () => number;
}

/** Told of what really happens on nodes, whoever else knows of it. */
export interface NodeObserver {
  onProcesses(node: SimulatedNode, pod: SimulatedPod, is: "started" | "gone"): void;
  onRefused?(node: SimulatedNode, pod: Pod, reason: string): void;
}

/**
 * A node without a machine. It registers and beats as the real agent does (with the agent's own code), refuses what does not fit, runs pods by
 * their behaviour and says so. What runs on it is the truth that checkers go by; the API may know better, or not yet.
 */
export class SimulatedNode {
  readonly shape: NodeShape;
  /** What pods may ask of it, in the units of `ResourceAmounts`. */
  readonly allocatable: Readonly<Record<string, number>>;
  readonly pods = new Map<string, SimulatedPod>();
  /** Multiplies how long things take on it. */
  slowness = 1;
  readonly #options: SimulatedNodeOptions;
  /** Restarts by uid: what the disk of a machine keeps. */
  readonly #restarts = new Map<string, number>();
  #boots = 0;
  #nextAddress = 2;
  #power: NodePower | undefined;
  #host: PodHost | undefined;
  #registration: NodeRegistration | undefined;
  #statuses: StatusWriter | undefined;
  readonly #published = new Map<string, PodStatus>();
  readonly #endedPods = new EndedPods();
  readonly #refused = new Set<string>();
  readonly #endedVolumes = new EndedVolumes();
  #isToldSoon = false;
  #isKnown = false;

  constructor(options: SimulatedNodeOptions) {
    this.#options = options;
    this.shape = options.shape;
    this.allocatable = offerOf(options.shape);
  }

  get name(): string {
    return this.shape.name;
  }

  get isOn(): boolean {
    return this.#power !== undefined;
  }

  /** Switches it on: it registers, and begins with what the API has bound to it. */
  boot(): void {
    if (this.#power) return;
    this.#boots += 1;
    const power = this.#options.power(this.shape);
    const { clock, logger, signal } = power;
    const { live, known } = this.#options;
    const made = live && known(this.name);
    this.#power = power;
    this.#statuses = live?.statuses ?? new StatusWriter(power);
    this.#registration = new NodeRegistration({
      client: sayingAll(power.client, this.shape),
      clock,
      logger,
      identity: identityOf(this.shape),
      machine: machineOf(this.shape, this.#boots),
      signal,
      ...(made && live ? { made, pauseMs: live.beats(power) } : {}),
      images: () => Promise.resolve(noImages),
      health: () => Promise.resolve(well),
      onBeat: () => {},
    });
    void this.#registration.start();
    this.tell();
  }

  /** Takes its power away: what ran is gone, and nobody is told. */
  crash(): void {
    const { observer } = this.#options;
    this.#power?.off();
    this.#power = undefined;
    this.#host = undefined;
    this.#isToldSoon = false;
    this.#isKnown = false;
    this.#endedPods.forget();
    this.#published.clear();
    const lost = [...this.pods.values()];
    this.pods.clear();
    for (const pod of lost) {
      const had = hasProcesses(pod.state);
      this.#restarts.set(pod.uid, pod.restarts + 1);
      pod.vanish();
      if (had) observer?.onProcesses(this, pod, "gone");
    }
  }

  /** Something that concerns the node has changed in the API: it learns of it as soon as it can. */
  tell(): void {
    const power = this.#power;
    if (!power || this.#isToldSoon) return;
    this.#isToldSoon = true;
    power.hear(() => {
      if (this.#power !== power) return;
      this.#isToldSoon = false;
      this.#look(power);
    });
  }

  /** Compares what the API wants with what is there. */
  #look(power: NodePower): void {
    const bound = this.#options.bound(this.name);
    if (!bound) return;
    this.#lookAtItself();
    this.#endedVolumes.letGo(this.#options.volumes(this.name), power, () => this.tell());
    const wanted = new Set<string>();
    for (const pod of bound) {
      const uid = pod.metadata?.uid ?? "";
      wanted.add(uid);
      const own = this.pods.get(uid);
      if (own) this.#follow(own, pod);
      else if (pod.metadata?.deletionTimestamp) this.#finish(power, pod);
      else if (!isPodTerminal(pod)) this.#admit(power, pod);
    }
    for (const own of this.pods.values()) {
      if (wanted.has(own.uid)) continue;
      // Taken away without being asked: there is nobody to tell any more.
      if (own.state !== "stopping") own.stop(limits.killedMs);
      if (own.state === "ended") this.#forget(own);
    }
  }

  #lookAtItself(): void {
    const node = this.#options.known(this.name);
    if (node) this.#isKnown = true;
    if (this.#isKnown) this.#registration?.observe(node);
  }

  #follow(own: SimulatedPod, pod: Pod): void {
    own.pod = pod;
    if (pod.metadata?.deletionTimestamp) {
      own.stop((pod.metadata.deletionGracePeriodSeconds ?? 30) * 1000);
      if (own.state === "ended" && this.#power) this.#finish(this.#power, pod);
    } else if (!this.#options.live) this.#statuses?.observe(pod);
    else if (own.state === "ready" && !this.#published.has(own.uid) && !isReady(pod)) this.#publish(own);
  }

  #admit(power: NodePower, pod: Pod): void {
    const { observer, behaviourOf, live } = this.#options;
    const uid = pod.metadata?.uid ?? "";
    if (this.#refused.has(uid)) return;
    const before = live && pod.status?.phase === "Running" ? pod.status : undefined;
    const rejection = before ? undefined : admit(pod, this.#neighbours(), this.#offer());
    if (rejection) {
      this.#refused.add(uid);
      observer?.onRefused?.(this, pod, rejection.reason);
      this.#statuses?.publish(pod, refusedStatus(pod, rejection, this.#context(uid)), () => {});
      return;
    }
    const behaviour = behaviourOf(pod, power.random);
    const address = before?.podIP ?? this.#newAddress();
    const restarts = this.#restarts.get(uid) ?? 0;
    const own = new SimulatedPod({ pod, behaviour, address, restarts, before }, this.#hostOf(power));
    this.pods.set(uid, own);
    own.begin();
    if (before) this.#follow(own, pod);
    else this.#publish(own);
  }

  #hostOf({ clock, random }: NodePower): PodHost {
    this.#host ??= {
      clock,
      random,
      slowness: () => this.slowness,
      onChange: (changed, from) => this.#onChange(changed, from),
    };
    return this.#host;
  }

  #offer(): NodeOffer {
    return {
      nodeName: this.name,
      allocatable: this.allocatable,
      labels: this.#registration?.labels ?? {},
      // A pod that outgrows its limit is killed; the node itself never runs short.
      pressures: [],
    };
  }

  #neighbours(): Pod[] {
    return this.#takers().map(({ pod }) => pod);
  }

  /** The pods that take a share of the node. */
  #takers(): SimulatedPod[] {
    return [...this.pods.values()].filter(({ state }) => state !== "ended");
  }

  #onChange(own: SimulatedPod, from: PodState): void {
    const had = hasProcesses(from);
    const has = hasProcesses(own.state);
    if (had !== has) this.#options.observer?.onProcesses(this, own, has ? "started" : "gone");
    if (own.state === "ended" && own.pod.metadata?.deletionTimestamp && this.#power) {
      this.#finish(this.#power, own.pod);
    } else this.#publish(own);
    if (own.state === "ended") this.tell();
  }

  #publish(own: SimulatedPod): void {
    if (own.state === "stopping") return;
    const status = simulatedStatus(own, this.#context(own.uid, own.pod.status));
    this.#published.set(own.uid, status);
    this.#statuses?.publish(own.pod, status, () => this.#onWritten(own.uid, status));
  }

  /** Of many pods that rest nothing is kept but what the API has. */
  #onWritten(uid: string, status: PodStatus): void {
    if (!this.#options.live || this.#published.get(uid) !== status) return;
    this.#published.delete(uid);
    this.#statuses?.forget(uid);
  }

  #context(uid: string, stored?: PodStatus) {
    return {
      hostAddress: addressIn(this.shape.podRange, 1),
      before: this.#published.get(uid) ?? stored,
      nowMs: this.#power?.clock.now() ?? 0,
    };
  }

  /** Nothing of the pod is left on the node. */
  #finish(power: NodePower, pod: Pod): void {
    this.#endedPods.takeOut(power, pod, () => {
      const uid = pod.metadata?.uid ?? "";
      this.#refused.delete(uid);
      const own = this.pods.get(uid);
      if (own) this.#forget(own);
    });
  }

  #forget(own: SimulatedPod): void {
    this.pods.delete(own.uid);
    this.#published.delete(own.uid);
    this.#restarts.delete(own.uid);
    this.#statuses?.forget(own.uid);
  }

  /** There are more addresses than a node takes pods. One whose pod has ended is free, though its pod may stay in the API for long. */
  #newAddress(): string {
    const taken = new Set(this.#takers().map(({ address }) => address));
    const last = addressesIn(this.shape.podRange) + 1;
    for (;;) {
      const address = addressIn(this.shape.podRange, this.#nextAddress);
      this.#nextAddress = this.#nextAddress >= last ? 2 : this.#nextAddress + 1;
      if (!taken.has(address)) return address;
    }
  }
}

const noImages: readonly [] = [];

const well = { notReady: undefined, memoryPressure: false, diskPressure: false, pidPressure: false };

function isReady({ status }: Pod): boolean {
  return status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True") ?? false;
}
