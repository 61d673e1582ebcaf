import { type Pod, type PodCondition, type PodStatus, pods } from "#api";
import {
  ApiError,
  type Clock,
  isConflict,
  isForbidden,
  isNotFound,
  type Logger,
  messageOf,
  type Timer,
} from "#base";
import { type Client, compareRevisions } from "#client";
import { backOffMs, limits } from "../limits.ts";
import { Semaphore } from "../semaphore.ts";
import { statusesOf } from "./statuses.ts";

export interface StatusWriterOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

interface Entry {
  readonly pod: Pod;
  desired: PodStatus;
  desiredText: string;
  writtenText: string;
  addresses: string;
  /** Of the object after the last write. */
  revision: string;
  writing: boolean;
  failures: number;
  timer: Timer | undefined;
  onWritten: () => void;
}

/**
 * Writes pods' statuses to the API: only what changed, at most one write per pod at a time, the newest one winning,
 * again and again until it has been taken. While the API is away nothing is lost: the last status waits.
 */
export class StatusWriter {
  readonly #options: StatusWriterOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #slots = new Semaphore(limits.statusWriters);

  constructor(options: StatusWriterOptions) {
    this.#options = options;
  }

  /** `onWritten` is called when the API holds this status, or the pod is gone from it. */
  publish(pod: Pod, status: PodStatus, onWritten: () => void): void {
    const uid = pod.metadata?.uid ?? "";
    const text = JSON.stringify(status);
    const entry = this.#entries.get(uid) ?? newEntry(pod, status);
    this.#entries.set(uid, entry);
    entry.onWritten = onWritten;
    if (text === entry.desiredText && entry.writtenText !== text) return;
    entry.desired = status;
    entry.desiredText = text;
    if (text === entry.writtenText) {
      onWritten();
      return;
    }
    if (entry.writing || (entry.timer && entry.failures > 0)) return;
    if (!mayWait(status)) {
      entry.timer?.cancel();
      void this.#write(uid, entry);
      return;
    }
    const { clock } = this.#options;
    // Not put off by a later step: what nobody knows yet is known after this time.
    entry.timer ??= clock.setTimer(limits.pendingStatusDelayMs, () => void this.#write(uid, entry), {
      unref: true,
    });
  }

  /** The object as the API has it now: when somebody else has changed what this node says of the pod, says it again. */
  observe(pod: Pod): void {
    const uid = pod.metadata?.uid ?? "";
    const entry = this.#entries.get(uid);
    if (!entry || entry.writing || entry.timer || entry.revision === "") return;
    if (compareRevisions(pod.metadata?.resourceVersion ?? "", entry.revision) <= 0) return;
    if (saysTheSame(pod.status, entry.desired)) return;
    entry.writtenText = "";
    void this.#write(uid, entry);
  }

  forget(uid: string): void {
    this.#entries.get(uid)?.timer?.cancel();
    this.#entries.delete(uid);
  }

  /** Nothing waits to be written. */
  get idle(): boolean {
    return [...this.#entries.values()].every((entry) => entry.desiredText === entry.writtenText);
  }

  async #write(uid: string, entry: Entry): Promise<void> {
    entry.timer = undefined;
    if (entry.writing || this.#options.signal.aborted) return;
    entry.writing = true;
    try {
      while (entry.writtenText !== entry.desiredText && this.#entries.get(uid) === entry) {
        // What is newest when its turn comes.
        entry.writtenText = await this.#slots.run(undefined, async () => {
          const { pod, desired, desiredText } = entry;
          await this.#patch(pod, desired, entry);
          return desiredText;
        });
        entry.failures = 0;
      }
      entry.onWritten();
    } catch (error) {
      if (this.#options.signal.aborted) return;
      this.#later(uid, entry, error);
    } finally {
      entry.writing = false;
    }
  }

  async #patch(pod: Pod, status: PodStatus, entry: Entry): Promise<void> {
    const { name = "", namespace = "", uid = "" } = pod.metadata ?? {};
    const addresses = JSON.stringify(status.podIPs ?? []);
    // Lists of addresses merge by address: one that is no longer true has to be put out by hand.
    const replaced = status.podIPs && entry.addresses !== "[]" && entry.addresses !== addresses;
    const podIPs = status.podIPs
      ? [...(replaced ? [{ $patch: "replace" }] : []), ...status.podIPs]
      : undefined;
    const conditions = status.conditions?.map(withNothingLeft);
    const patch = {
      metadata: { uid },
      status: { ...status, ...(podIPs ? { podIPs } : {}), ...(conditions ? { conditions } : {}) },
    };
    try {
      const written = await this.#options.client
        .resource(pods, namespace)
        .patch(
          name,
          { type: "strategic", patch },
          { subresource: "status", signal: this.#options.signal, omit: "managedFields" },
        );
      entry.revision = written.metadata?.resourceVersion ?? "";
    } catch (error) {
      // Gone, or another pod of that name, here or on another node: nobody is left to tell.
      if (!isNotFound(error) && !isConflict(error) && !isForbidden(error)) throw error;
    }
    // A status without addresses takes none away from what is stored.
    if (status.podIPs) entry.addresses = addresses;
  }

  #later(uid: string, entry: Entry, error: unknown): void {
    const { clock, logger } = this.#options;
    entry.failures += 1;
    if (entry.failures === 1 || !(error instanceof ApiError)) {
      logger.warn(`writing the status of pod ${entry.pod.metadata?.name}: ${messageOf(error)}`);
    }
    const delayMs = backOffMs(entry.failures, limits.statusRetryInitialMs, limits.statusRetryMaximumMs);
    entry.timer = clock.setTimer(delayMs, () => void this.#write(uid, entry), { unref: true });
  }
}

function newEntry(pod: Pod, status: PodStatus): Entry {
  return {
    pod,
    desired: status,
    desiredText: "",
    writtenText: "",
    addresses: JSON.stringify(pod.status?.podIPs ?? []),
    revision: "",
    writing: false,
    failures: 0,
    timer: undefined,
    onWritten: () => {},
  };
}

/** Conditions merge by type: a reason that no longer holds has to be taken out by hand. */
function withNothingLeft(condition: PodCondition): object {
  return { reason: null, message: null, ...condition };
}

/** Phase and conditions: what others (the node lifecycle controller) write when they believe the node lost. */
function saysTheSame(found: PodStatus | undefined, wanted: PodStatus): boolean {
  if (found?.phase !== wanted.phase) return false;
  return (wanted.conditions ?? []).every(({ type, status }) =>
    found?.conditions?.some((one) => one.type === type && one.status === status),
  );
}

/** A pod on its way up, with nothing to complain about, will have better news in a moment. */
function mayWait(status: PodStatus): boolean {
  if (status.phase !== "Pending") return false;
  return statusesOf(status).every((one) => {
    const reason = one.state?.waiting?.reason;
    return reason === undefined || reason === "ContainerCreating" || reason === "PodInitializing";
  });
}
