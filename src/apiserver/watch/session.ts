import { ApiError, type Clock, type Logger, messageOf, type Timer } from "#base";
import type { Commit, Entry, Revision, Store, Watch } from "#store";
import { listSliceBytes } from "../limits.ts";
import { statusOf } from "../pipeline/answers.ts";
import type { Sink } from "../pipeline/exchange.ts";
import type { ServedKind } from "../registry/catalogue.ts";
import type { Facts, Objects } from "../registry/objects.ts";
import type { Selection } from "../registry/selection.ts";
import type { Bookmarks } from "./bookmarks.ts";
import { frame, type SeenChange, seenAs } from "./events.ts";

export interface WatchPlan {
  readonly kind: ServedKind;
  readonly selection: Selection;
  /** What exists already and is to be sent first, as ADDED. */
  readonly initial: readonly Entry[];
  /** Events after this revision follow. */
  readonly after: Revision;
  /** Sent after the initial events when the client asked for them by `sendInitialEvents`. */
  readonly endOfInitial: boolean;
  readonly bookmarks: boolean;
  readonly timeoutMs: number;
  /** An event in the client's representation, with its newline. */
  encode(change: SeenChange, revision: Revision): Uint8Array;
  /** A bookmark in the client's representation. */
  bookmark(revision: Revision, endOfInitial: boolean): Uint8Array;
}

export interface WatchParts {
  readonly store: Store;
  readonly objects: Objects;
  readonly clock: Clock;
  readonly bookmarks: Bookmarks;
  readonly logger: Logger;
  /** Called once, when the watch is over. */
  readonly onEnd: () => void;
}

/**
 * One watch, from the first event to the last. It buffers nothing: when the sink has enough, the watch leaves the
 * store and comes back to where it was once there is room, and the store's own window is the only buffer.
 *
 *   initial ──► following ⇄ paused (sink full)
 *                  └────────► ended: timeout, window passed (410), server closing, client gone
 */
export class WatchSession {
  readonly #plan: WatchPlan;
  readonly #parts: WatchParts;
  readonly #sink: Sink;
  readonly #facts: (entry: Entry) => Facts;
  #state: "initial" | "following" | "paused" | "ended" = "initial";
  #after: Revision;
  #bookmarked: Revision;
  #watch: Watch | undefined;
  #timeout: Timer | undefined;
  #noBookmarks: (() => void) | undefined;

  constructor(parts: WatchParts, plan: WatchPlan, sink: Sink) {
    this.#plan = plan;
    this.#parts = parts;
    this.#sink = sink;
    this.#after = plan.after;
    this.#bookmarked = plan.after;
    this.#facts = (entry) => parts.objects.facts(plan.kind, entry);
  }

  start(): void {
    this.#sink.onClose(() => this.#finish());
    const { clock } = this.#parts;
    this.#timeout = clock.setTimer(this.#plan.timeoutMs, () => this.end(), { unref: true });
    this.#sendInitial(0);
  }

  /** Ends the watch properly; the client may start another from where it was. */
  end(): void {
    if (this.#state === "ended") return;
    this.#sink.end();
    this.#finish();
  }

  #sendInitial(from: number): void {
    const { initial, after, endOfInitial, encode, bookmark } = this.#plan;
    let at = from;
    let room = true;
    while (at < initial.length && room) {
      const slice: Uint8Array[] = [];
      for (let size = 0; at < initial.length && size < listSliceBytes; at++) {
        const bytes = encode({ type: "ADDED", entry: initial[at] as Entry }, after);
        slice.push(bytes);
        size += bytes.length;
      }
      room = this.#sink.write(Buffer.concat(slice));
    }
    if (this.#isOver()) return;
    if (at < initial.length) {
      this.#sink.onDrain(() => {
        if (!this.#isOver()) this.#sendInitial(at);
      });
      return;
    }
    if (endOfInitial) this.#sink.write(bookmark(after, true));
    this.#follow();
  }

  #follow(): void {
    const { kind, selection, bookmarks } = this.#plan;
    this.#state = "following";
    try {
      this.#watch = this.#parts.store.watch({
        prefix: kind.scope(selection.namespace),
        after: this.#after,
        onCommit: (commit) => this.#onCommit(commit),
        onEnd: (error) => (error ? this.#fail(error) : this.end()),
      });
      if (bookmarks) {
        this.#noBookmarks ??= this.#parts.bookmarks.follow((revision) => this.#sendBookmark(revision));
      }
    } catch (error) {
      this.#fail(error);
    }
  }

  #onCommit(commit: Commit): void {
    if (this.#state !== "following") return;
    const { selection, encode } = this.#plan;
    let room = true;
    for (const change of commit.changes) {
      const seen = seenAs(change, this.#facts, selection.matches);
      if (seen) room = this.#sink.write(encode(seen, commit.revision)) && room;
    }
    this.#after = commit.revision;
    if (!room) this.#pause();
  }

  #pause(): void {
    this.#watch?.close();
    this.#state = "paused";
    this.#sink.onDrain(() => {
      if (this.#state === "paused") this.#follow();
    });
  }

  #sendBookmark(revision: Revision): void {
    if (this.#state !== "following" || revision === this.#bookmarked) return;
    this.#after = revision;
    this.#bookmarked = revision;
    this.#sink.write(this.#plan.bookmark(revision, false));
  }

  /** Tells the client why, in the stream: the status line has been sent long ago. */
  #fail(error: unknown): void {
    if (this.#state === "ended") return;
    const known =
      error instanceof ApiError
        ? error
        : new ApiError("InternalError", `the watch failed: ${messageOf(error)}`);
    if (known.code >= 500) this.#parts.logger.warn("a watch failed", { error: known.message });
    this.#sink.write(frame("ERROR", new TextEncoder().encode(JSON.stringify(statusOf(known)))));
    this.end();
  }

  #finish(): void {
    if (this.#state === "ended") return;
    this.#state = "ended";
    this.#watch?.close();
    this.#timeout?.cancel();
    this.#noBookmarks?.();
    this.#parts.onEnd();
  }

  #isOver(): boolean {
    return this.#state === "ended";
  }
}
