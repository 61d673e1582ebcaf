import type { Change, Entry, Revision } from "#store";
import { asBuffer, restamp } from "../registry/bytes.ts";
import type { ServedKind } from "../registry/catalogue.ts";
import type { Facts, Objects } from "../registry/objects.ts";

export type EventType = "ADDED" | "MODIFIED" | "DELETED";

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
  readonly #encoded = new Map<
    Entry,
    { readonly kind: ServedKind; readonly type: EventType; bytes: Uint8Array }
  >();
  #revision: Revision = -1;

  constructor(objects: Objects) {
    this.#objects = objects;
  }

  encode(kind: ServedKind, { type, entry }: SeenChange, revision: Revision): Uint8Array {
    if (revision !== this.#revision) {
      this.#encoded.clear();
      this.#revision = revision;
    }
    const known = this.#encoded.get(entry);
    if (known && known.kind === kind && known.type === type) return known.bytes;
    const bytes = frame(type, this.object(kind, type, entry, revision));
    this.#encoded.set(entry, { kind, type, bytes });
    return bytes;
  }

  /** The object of an event; a deleted one bears the revision of its deletion. */
  object(kind: ServedKind, type: EventType, entry: Entry, revision: Revision): Uint8Array {
    const bytes = this.#objects.bytes(kind, entry);
    return type === "DELETED" ? restamp(bytes, entry.modRevision, revision) : bytes;
  }
}

/** One line of a watch. */
export function frame(type: string, object: Uint8Array): Uint8Array {
  const head = `{"type":"${type}","object":`;
  const bytes = Buffer.allocUnsafe(head.length + object.length + 2);
  bytes.write(head, 0, "latin1");
  bytes.set(asBuffer(object), head.length);
  bytes[bytes.length - 2] = closeBrace;
  bytes[bytes.length - 1] = newline;
  return bytes;
}

const closeBrace = 0x7d;
const newline = 0x0a;
