import type { KubernetesObject } from "#api";
import { type Informer, keyOf } from "#client";

/**
 * A controller: it makes the world match what objects ask for, one object (key) at a time.
 *
 * `reconcile` is level-based: it is told which object may need work, never what happened to it. It reads the world from
 * informers, decides, and writes the difference. It may run at any time, any number of times, also when nothing is to be
 * done, and after a crash in the middle of itself; it never runs twice for one key at the same time. What it returns or throws:
 *
 * - nothing: the world is as it should be, until some watch tells of a change;
 * - `requeueAfterMs`: look again then (deadlines; never polling);
 * - a thrown error: try again after a pause that grows with every failure in a row;
 * - an error that says the namespace is terminating: nothing to do any more; the object goes, too;
 * - a thrown `TerminalError`: trying again is no use until something changes; say so in the object's status before.
 */
export interface Controller {
  /** In Kubernetes' manner, lower case: `deployment`, `replicaset`. Labels of metrics and log lines. */
  readonly name: string;
  /** What makes work: changes of these objects add keys. */
  readonly watches: readonly Watch[];
  /** How many keys may be worked on at a time. */
  readonly concurrency: number;
  readonly reconcile: Reconcile;
}

export type Reconcile = (key: string, signal: AbortSignal) => Promise<ReconcileResult | undefined>;

export interface ReconcileResult {
  /** Reconcile the same key again after this time, in milliseconds. */
  readonly requeueAfterMs?: number;
}

/** Trying again is no use until something changes. */
export class TerminalError extends Error {
  override readonly name = "TerminalError";
}

/** Calls `add` for every key that a change may concern. Returns how to stop. Made by `watch`. */
export interface Watch {
  readonly synced: () => Promise<void>;
  readonly start: (add: (key: string) => void) => () => void;
}

export interface WatchOptions<T> {
  /** Which keys a change concerns; the object's own unless given. Asked about the object before and after an update. */
  readonly keys?: (object: T) => Iterable<string>;
  /** Whether an update is worth a look; all are unless given. */
  readonly when?: (object: T, old: T) => boolean;
}

export interface ControllerOptions {
  readonly name: string;
  readonly watches: readonly Watch[];
  readonly concurrency?: number;
  readonly reconcile: Reconcile;
}

/** Describes a controller; `runController` runs it. */
export function controller(options: ControllerOptions): Controller {
  return { concurrency: 4, ...options };
}

/** Changes of an informer's objects, as keys to work on. */
export function watch<T extends KubernetesObject>(
  informer: Informer<T>,
  options: WatchOptions<T> = {},
): Watch {
  const keys = options.keys ?? ((object: T) => [keyOf(object)]);
  return {
    synced: () => informer.synced,
    start(add) {
      const addAll = (object: T) => {
        for (const key of keys(object)) add(key);
      };
      return informer.addHandler({
        added: addAll,
        deleted: addAll,
        updated(object, old) {
          if (options.when && !options.when(object, old)) return;
          addAll(object);
          if (options.keys) addAll(old);
        },
      });
    },
  };
}

/** For `keys`: the owner that controls the object, when it is of `kind`. */
export function controllerKey(kind: string): (object: KubernetesObject) => Iterable<string> {
  return (object) => {
    const owner = object.metadata?.ownerReferences?.find((reference) => reference.controller);
    if (owner?.kind !== kind) return [];
    const { namespace } = object.metadata ?? {};
    return [namespace ? `${namespace}/${owner.name}` : owner.name];
  };
}
