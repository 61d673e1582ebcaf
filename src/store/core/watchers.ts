import { ApiError, expired, internalError, type Logger, messageOf } from "#base";
import { limits } from "../limits.ts";
import type { Commit, Revision, Watch, WatchOptions } from "../store.ts";
import type { Timeline } from "./timeline.ts";

/**
 * Everyone who follows the store, grouped by prefix: a commit is cut down to a prefix once, and all watches of that
 * prefix are given the same object.
 *
 *   watch() ──► waiting ──(microtask: backlog from the timeline)──► live ──► closed
 */
export class Watchers {
  readonly #timeline: Timeline;
  readonly #logger: Logger;
  readonly #live = new Map<string, Group>();
  /** By the directory of a key: the live groups that may concern it. Found again after every change of them. */
  readonly #near = new Map<string, readonly Group[]>();
  readonly #waiting = new Set<Watcher>();
  /** Of the live ones, those few that ask how far the store has come. */
  readonly #asking = new Set<Watcher>();

  constructor(timeline: Timeline, logger: Logger) {
    this.#timeline = timeline;
    this.#logger = logger;
  }

  add(options: WatchOptions): Watch {
    // Asked now, so that the caller learns of an expired revision by an exception.
    this.#timeline.after(options.after);
    const watcher: Watcher = { options, closed: false };
    this.#waiting.add(watcher);
    queueMicrotask(() => this.#catchUp(watcher));
    return { close: () => this.#remove(watcher) };
  }

  /** Hands a commit to all whom it concerns. */
  deliver(commit: Commit): void {
    for (const { prefix, watchers } of this.#concerned(commit)) {
      const cut = under(prefix, commit);
      if (!cut) continue;
      for (const watcher of watchers) this.#call(watcher, watcher.options.onCommit, cut);
    }
  }

  /** Most commits are of one key, and that concerns few of many groups. */
  #concerned({ changes }: Commit): Iterable<Group> {
    const [only] = changes;
    if (!only || changes.length > 1) return this.#live.values();
    const directory = only.key.slice(0, only.key.lastIndexOf("/") + 1);
    const known = this.#near.get(directory);
    if (known) return known;
    const near = [...this.#live.values()].filter(
      ({ prefix }) => directory.startsWith(prefix) || prefix.startsWith(directory),
    );
    if (this.#near.size >= limits.rememberedDirectories) this.#near.clear();
    this.#near.set(directory, near);
    return near;
  }

  /** Says how far the store has come. */
  progress(revision: Revision): void {
    for (const watcher of this.#asking) {
      const { onProgress } = watcher.options;
      if (onProgress) this.#call(watcher, onProgress, revision);
    }
  }

  /** Ends every watch. */
  end(error: Error | undefined): void {
    const all = [...this.#waiting, ...[...this.#live.values()].flatMap(({ watchers }) => [...watchers])];
    for (const watcher of all) this.#end(watcher, error);
  }

  #catchUp(watcher: Watcher): void {
    this.#waiting.delete(watcher);
    if (watcher.closed) return;
    const { prefix, after, onCommit, onProgress } = watcher.options;
    let backlog: readonly Commit[];
    try {
      backlog = this.#timeline.after(after);
    } catch (error) {
      // Compacted between the call and this microtask.
      this.#end(watcher, error instanceof ApiError ? error : expired(messageOf(error)));
      return;
    }
    for (const commit of backlog) {
      const cut = under(prefix, commit);
      if (cut) this.#call(watcher, onCommit, cut);
      if (watcher.closed) return;
    }
    this.#groupOf(prefix).watchers.add(watcher);
    if (onProgress) this.#asking.add(watcher);
    if (onProgress && backlog.length > 0) this.#call(watcher, onProgress, this.#timeline.revision);
  }

  /** One watcher's mistake must not cost the others their events. */
  #call<T>(watcher: Watcher, callback: (news: T) => void, news: T): void {
    if (watcher.closed) return;
    try {
      callback(news);
    } catch (error) {
      this.#logger.error("a watch failed on an event and was ended", {
        prefix: watcher.options.prefix,
        error: messageOf(error),
      });
      this.#end(watcher, internalError(`the watch of ${watcher.options.prefix} failed on an event`, error));
    }
  }

  #end(watcher: Watcher, error: Error | undefined): void {
    if (watcher.closed) return;
    this.#remove(watcher);
    watcher.options.onEnd?.(error);
  }

  #remove(watcher: Watcher): void {
    watcher.closed = true;
    this.#waiting.delete(watcher);
    this.#asking.delete(watcher);
    const group = this.#live.get(watcher.options.prefix);
    group?.watchers.delete(watcher);
    if (group?.watchers.size !== 0) return;
    this.#live.delete(watcher.options.prefix);
    this.#near.clear();
  }

  #groupOf(prefix: string): Group {
    const known = this.#live.get(prefix);
    if (known) return known;
    const group = { prefix, watchers: new Set<Watcher>() };
    this.#live.set(prefix, group);
    this.#near.clear();
    return group;
  }
}

interface Watcher {
  readonly options: WatchOptions;
  closed: boolean;
}

/** The live watches of one prefix. */
interface Group {
  readonly prefix: string;
  readonly watchers: Set<Watcher>;
}

/** The part of a commit that lies under a prefix: the commit itself when that is all of it, undefined when nothing is. */
function under(prefix: string, commit: Commit): Commit | undefined {
  const { changes } = commit;
  let count = 0;
  for (const { key } of changes) if (key.startsWith(prefix)) count += 1;
  if (count === 0) return undefined;
  if (count === changes.length) return commit;
  return { ...commit, changes: changes.filter(({ key }) => key.startsWith(prefix)) };
}
