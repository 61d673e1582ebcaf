import type { Pod } from "#api";
import type { Clock, Timer } from "#base";
import type { ClusterEvent } from "../framework/plugin.ts";
import type { PodFacts } from "../framework/pod-facts.ts";
import type { PodShape } from "../framework/pod-shape.ts";
import { podBackoffBaseMs, podBackoffMaxMs, unschedulableMaxMs } from "../limits.ts";
import { Heap } from "./heap.ts";
import type { QueuedPod } from "./queued-pod.ts";
import { type Waiting, WaitingPods } from "./waiting-pods.ts";

export interface SchedulingQueueOptions {
  readonly clock: Clock;
  readonly compare: (a: QueuedPod, b: QueuedPod) => number;
  /** Why a pod may not be tried yet; undefined when it may. */
  readonly gate: (facts: PodFacts) => string | undefined;
  /** Whether an event may help pods of this shape that these plugins refused. */
  readonly mayHelp: (event: ClusterEvent, shape: PodShape, rejectedBy: ReadonlySet<string>) => boolean;
  /** Called when there is something to try after there was nothing. */
  readonly onReady: () => void;
}

/**
 * The pods that wait for a node.
 *
 *     add ─► active ─pop─► decided ─► placed: gone
 *             ▲  ▲            ├─► unschedulable: waits for an event that may help, at most five minutes
 *             │  └─ timer ── back-off ◄─ event ─┘
 *             │                ▲ └─ binding failed
 *             └── gates removed ── gated
 */
export class SchedulingQueue {
  readonly #options: SchedulingQueueOptions;
  readonly #active: Heap<QueuedPod>;
  readonly #entries = new Map<string, Entry>();
  /** Those of the entries that are unschedulable. */
  readonly #waiting = new WaitingPods<Entry>();
  #sequence = 0;
  #activeCount = 0;

  constructor(options: SchedulingQueueOptions) {
    this.#options = options;
    this.#active = new Heap(options.compare);
  }

  /** Pods by where they wait. */
  get counts(): Readonly<Record<Place, number>> {
    const counts = { active: 0, backoff: 0, unschedulable: 0, gated: 0 };
    for (const { place } of this.#entries.values()) counts[place] += 1;
    return counts;
  }

  /** A pod that waits for a node, new or changed. A change of the pod itself may be what helps. */
  put(facts: PodFacts): void {
    const known = this.#entries.get(facts.uid);
    const { clock, gate } = this.#options;
    if (known) this.#takeOut(known);
    const queued: QueuedPod = {
      facts,
      queuedAtMs: known?.queued.queuedAtMs ?? clock.monotonicMs(),
      sequence: known?.queued.sequence ?? this.#sequence++,
      attempts: known?.queued.attempts ?? 0,
    };
    const entry = this.#enter(queued, {
      place: "gated",
      rejectedBy: nobody,
      triedAtMs: known?.triedAtMs ?? 0,
    });
    if (gate(facts) === undefined) this.#activate(entry);
  }

  /** The pod changed in nothing that counts. */
  refresh(pod: Pod): void {
    const entry = this.#entries.get(pod.metadata?.uid ?? "");
    if (entry) entry.queued.facts.pod = pod;
  }

  /** The pod no longer waits: bound, deleted, ended. */
  remove(uid: string): void {
    const entry = this.#entries.get(uid);
    if (!entry) return;
    this.#takeOut(entry);
    this.#entries.delete(uid);
  }

  /** The next pod to try. It has left the queue: whoever could not place it gives it back. */
  pop(): QueuedPod | undefined {
    for (let next = this.#active.pop(); next; next = this.#active.pop()) {
      const entry = this.#entries.get(next.facts.uid);
      // The heap keeps what was removed or replaced meanwhile; only what is still current counts.
      if (entry?.queued !== next || entry.place !== "active") continue;
      this.#activeCount -= 1;
      this.#entries.delete(next.facts.uid);
      next.attempts += 1;
      return next;
    }
    return undefined;
  }

  get hasActive(): boolean {
    return this.#activeCount > 0;
  }

  /** No node fits it: it waits for an event that may help. */
  giveBackUnschedulable(queued: QueuedPod, rejectedBy: ReadonlySet<string>): void {
    if (this.#entries.has(queued.facts.uid)) return;
    const { clock } = this.#options;
    const triedAtMs = clock.monotonicMs();
    const entry = this.#enter(queued, { place: "unschedulable", rejectedBy, triedAtMs });
    this.#waiting.add(entry);
    const retry = () => {
      this.#waiting.delete(entry);
      this.#activate(entry);
    };
    entry.timer = clock.setTimer(unschedulableMaxMs, retry, { unref: true });
  }

  /** It had a node, and something failed: it is tried again after its back-off. */
  giveBackFailed(queued: QueuedPod): void {
    if (this.#entries.has(queued.facts.uid)) return;
    const triedAtMs = this.#options.clock.monotonicMs();
    this.#backOff(this.#enter(queued, { place: "backoff", rejectedBy: nobody, triedAtMs }));
  }

  /** There is room for this pod now: it is tried again at once. */
  wake(uid: string): void {
    const entry = this.#entries.get(uid);
    if (entry?.place !== "unschedulable" && entry?.place !== "backoff") return;
    this.#takeOut(entry);
    this.#activate(entry);
  }

  /** What it waited for has failed: it is tried again after what is left of its back-off. */
  retry(uid: string): void {
    const entry = this.#entries.get(uid);
    if (entry?.place !== "unschedulable") return;
    this.#takeOut(entry);
    this.#backOff(entry);
  }

  /** Something happened: pods that it may help are tried again, the first time at once, then after what is left of their back-off. */
  onEvent(event: ClusterEvent): void {
    const { mayHelp } = this.#options;
    for (const entry of this.#waiting.take((shape, rejectedBy) => mayHelp(event, shape, rejectedBy))) {
      entry.timer?.cancel();
      if (entry.queued.attempts <= 1) this.#activate(entry);
      else this.#backOff(entry);
    }
  }

  close(): void {
    for (const entry of this.#entries.values()) entry.timer?.cancel();
    this.#entries.clear();
    this.#activeCount = 0;
  }

  #enter(queued: QueuedPod, state: Pick<Entry, "place" | "rejectedBy" | "triedAtMs">): Entry {
    const entry: Entry = { queued, shape: queued.facts.shape, timer: undefined, ...state };
    this.#entries.set(queued.facts.uid, entry);
    return entry;
  }

  /** Takes it out of where it waits; it is still known. */
  #takeOut(entry: Entry): void {
    entry.timer?.cancel();
    if (entry.place === "active") this.#activeCount -= 1;
    if (entry.place === "unschedulable") this.#waiting.delete(entry);
  }

  #backOff(entry: Entry): void {
    const { clock } = this.#options;
    const pauseMs = Math.min(podBackoffMaxMs, podBackoffBaseMs * 2 ** (entry.queued.attempts - 1));
    const leftMs = entry.triedAtMs + pauseMs - clock.monotonicMs();
    if (leftMs <= 0) {
      this.#activate(entry);
      return;
    }
    entry.place = "backoff";
    entry.timer = clock.setTimer(leftMs, () => this.#activate(entry), { unref: true });
  }

  #activate(entry: Entry): void {
    entry.timer = undefined;
    entry.place = "active";
    this.#active.push(entry.queued);
    this.#activeCount += 1;
    if (this.#activeCount === 1) this.#options.onReady();
  }
}

type Place = "active" | "backoff" | "unschedulable" | "gated";

interface Entry extends Waiting {
  readonly queued: QueuedPod;
  place: Place;
  readonly triedAtMs: number;
  timer: Timer | undefined;
}

const nobody: ReadonlySet<string> = new Set();
