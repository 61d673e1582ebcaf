import type { KubernetesObject } from "#api";
import type { Change, Entry, Revision } from "#store";
import { around, decode, metadataIn, restamp, type Stretch } from "../registry/bytes.ts";
import type { ServedKind } from "../registry/catalogue.ts";
import type { Facts, Objects } from "../registry/objects.ts";
import { metadataOnly } from "../table/table.ts";

export type EventType = "ADDED" | "MODIFIED" | "DELETED";

/**
 * How much of an object an event shows: all of it, or its metadata as a `PartialObjectMetadata`; the lean ones leave out managed fields as
 * far as that costs nothing.
 */
export type Extent = "whole" | "lean" | "metadata" | "lean metadata";

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
  readonly #encoded: Readonly<Record<Extent, Map<Entry, Encoded>>> = {
    whole: new Map(),
    lean: new Map(),
    metadata: new Map(),
    "lean metadata": new Map(),
  };
  readonly #all = Object.values(this.#encoded);
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
      for (const encoded of this.#all) if (encoded.size > 0) encoded.clear();
      this.#revision = revision;
    }
    const known = this.#encoded[extent].get(entry);
    if (known && known.kind === kind && known.type === type) return known.bytes;
    const object = this.#object(kind, type, entry, revision);
    const bytes = frame(type, ...shown(object, this.#objects.managedFields(kind, entry), extent));
    this.#encoded[extent].set(entry, { kind, type, bytes });
    return bytes;
  }

  /** The object of an event, parsed. */
  parsed(kind: ServedKind, { type, entry }: SeenChange, revision: Revision): KubernetesObject {
    if (type !== "DELETED") return this.#objects.peek(kind, entry);
    return decode(this.#object(kind, type, entry, revision));
  }

  /** The object of an event; a deleted one bears the revision of its deletion. */
  #object(kind: ServedKind, type: EventType, entry: Entry, revision: Revision): Uint8Array {
    const bytes = this.#objects.bytes(kind, entry);
    return type === "DELETED" ? restamp(bytes, entry.modRevision, revision) : bytes;
  }
}

/** The pieces of an object that an event shows, cut out of its bytes where it is known what lies where. */
function shown(bytes: Uint8Array, managedFields: Stretch | undefined, extent: Extent): readonly Uint8Array[] {
  if (extent === "whole") return [bytes];
  if (extent === "lean") return managedFields ? around(bytes, managedFields) : [bytes];
  const metadata =
    managedFields && metadataIn(bytes, managedFields, extent === "metadata" ? "all" : "without fields");
  return metadata ?? [Buffer.from(JSON.stringify(metadataOnly(decode(bytes))))];
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
