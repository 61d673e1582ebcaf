import { isConflict, isNotFound } from "#base";
import { bind, Preparation, prepare } from "./binding.ts";
import type { Placed, Profile, Writing } from "./framework/plugin.ts";
import { parallelBinds } from "./limits.ts";
import { Pipeline } from "./pipeline.ts";
import type { QueuedPod } from "./queue/queued-pod.ts";

/** A pod on its way from a decision to its node. */
export interface Decided {
  readonly queued: QueuedPod;
  readonly placed: Placed;
  readonly profile: Profile;
}

export interface BinderOptions extends Writing {
  readonly onBound: (decided: Decided) => void;
  /** It does not get the node, this time. */
  readonly onFailed: (decided: Decided, error: unknown) => void;
  /** Gone, or bound by somebody else: no longer ours. */
  readonly onLost: (decided: Decided) => void;
}

/** Carries decisions out beside new ones: what a pod needs besides its node is prepared, then it is bound. */
export class Binder {
  readonly #options: BinderOptions;
  readonly #bindings = new Pipeline({ most: parallelBinds });
  /** Pods that have a node and wait for something else before they are bound to it, by UID. */
  readonly #preparations = new Map<string, Preparation>();

  constructor(options: BinderOptions) {
    this.#options = options;
  }

  get isFull(): boolean {
    return this.#bindings.isFull;
  }

  /** Resolves when it is no longer full, or the signal aborts. */
  room(signal: AbortSignal): Promise<void> {
    return this.#bindings.room(signal);
  }

  /** A pod that must wait for something before it is bound (a volume) takes no other pod's turn to be bound. */
  start(decided: Decided): void {
    const { placed, profile } = decided;
    const { uid } = placed.facts;
    const preparation = new Preparation(this.#options);
    const bindIt = () => this.#bindings.start(() => this.#bind(decided));
    try {
      const prepared = prepare(placed, profile, preparation);
      if (!prepared) {
        bindIt();
        return;
      }
      this.#preparations.set(uid, preparation);
      prepared
        .finally(() => this.#preparations.delete(uid))
        .then(bindIt, (error) => this.#options.onFailed(decided, error));
    } catch (error) {
      this.#options.onFailed(decided, error);
    }
  }

  /** A pod that is still being prepared fails for this reason. Returns whether there is such a pod. */
  giveUp(uid: string, why: string): boolean {
    const preparation = this.#preparations.get(uid);
    preparation?.giveUp(new Error(why));
    return preparation !== undefined;
  }

  async #bind(decided: Decided): Promise<void> {
    const { onBound, onLost, onFailed } = this.#options;
    try {
      await bind(decided.placed, decided.profile, this.#options);
      onBound(decided);
    } catch (error) {
      if (isNotFound(error) || isConflict(error)) onLost(decided);
      else onFailed(decided, error);
    }
  }
}
