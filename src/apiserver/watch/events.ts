import type { Change, Entry, Revision } from "#store";
import { around, restamp } from "../registry/bytes.ts";
import type { ServedKind } from "../registry/catalogue.ts";
import type { Facts, Objects } from "../registry/objects.ts";

export type EventType = "ADDED" | "MODIFIED" | "DELETED";

/** How much of an object an event shows: all of it, or, as far as it costs nothing to leave them out, no managed fields. */
export type Extent = "whole" | "lean";

/** A change as one watcher sees it. */
export interface SeenChange {
  readonly type: EventType;
  /** What the event shows: the new state, or for DELETED the last one that the watcher was to see. */
  readonly entry: Entry;
}

/**
 * What a change is to a watcher with a selector: an object that begins to match is added, one that ceases to match
 * is deleted. Undefined: nothing.
 */
export function seenAs(
  change: Change,
  facts: (entry: Entry) => Facts,
  matches: ((facts: Facts) => boolean) | undefined,
): SeenChange | undefined {
  const { entry, previous } = change;
  const is = entry !== undefined && (!matches || matches(facts(entry)));
  const was = previous !== undefined && (!matches || matches(facts(previous)));
  if (is) return { type: was ? "MODIFIED" : "ADDED", entry };
  if (was) return { type: "DELETED", entry: previous };
  return undefined;
}

/**
 * Events as bytes, `{"type":…,"object":…}` and a newline. The store hands one commit to all its watchers in a row,
 * so the events of the latest commit are kept, made once and shared; older ones are made again for who lags behind.
 */
export class EventEncoder {
  readonly #objects: Objects;
  readonly #encoded: Readonly<Record<Extent, Map<Entry, Encoded>>> = { whole: new Map(), lean: new Map() };
  #revision: Revision = -1;

  constructor(objects: Objects) {
    this.#objects = objects;
  }

  encode(
    kind: ServedKind,
    { type, entry }: SeenChange,
    revision: Revision,
    extent: Extent = "whole",
  ): Uint8Array {
    if (revision !== this.#revision) {
      for (const encoded of Object.values(this.#encoded)) encoded.clear();
      this.#revision = revision;
    }
    const known = this.#encoded[extent].get(entry);
    if (known && known.kind === kind && known.type === type) return known.bytes;
    const object = this.object(kind, type, entry, revision);
    const left = extent === "lean" ? this.#objects.managedFields(kind, entry) : undefined;
    const bytes = left ? frame(type, ...around(object, left)) : frame(type, object);
    this.#encoded[extent].set(entry, { kind, type, bytes });
    return bytes;
  }

  /** The object of an event; a deleted one bears the revision of its deletion. */
  object(kind: ServedKind, type: EventType, entry: Entry, revision: Revision): Uint8Array {
    const bytes = this.#objects.bytes(kind, entry);
    return type === "DELETED" ? restamp(bytes, entry.modRevision, revision) : bytes;
  }
}

interface Encoded {
  readonly kind: ServedKind;
  readonly type: EventType;
  readonly bytes: Uint8Array;
}

/** One line of a watch; the object may come in pieces. */
export function frame(type: string, ...object: readonly Uint8Array[]): Uint8Array {
  const head = `{"type":"${type}","object":`;
  let length = head.length + 2;
  for (const piece of object) length += piece.length;
  const bytes = Buffer.allocUnsafe(length);
  let at = bytes.write(head, 0, "latin1");
  for (const piece of object) {
    bytes.set(piece, at);
    at += piece.length;
  }
  bytes[at] = closeBrace;
  bytes[at + 1] = newline;
  return bytes;
}

const closeBrace = 0x7d;
const newline = 0x0a;
