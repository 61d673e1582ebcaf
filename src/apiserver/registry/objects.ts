import type { KubernetesObject } from "#api";
import { RecentlyUsed } from "#base";
import type { Entry } from "#store";
import { maxSharedFactLength, maxSharedFacts, parsedCacheBytes } from "../limits.ts";
import {
  around,
  decode,
  decodeParted,
  encode,
  metadataIn,
  type Parted,
  type Stretch,
  stamp,
} from "./bytes.ts";
import type { ServedKind } from "./catalogue.ts";

/** What selectors ask about an object: small enough to be kept for as long as the object is. */
export interface Facts {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly labels: Record<string, string>;
  };
  /** By the selectable fields of the kind, without name and namespace. */
  readonly fields: Readonly<Record<string, string>>;
}

/** What is known of an entry as an object of this kind. */
export interface EntryMemo {
  readonly kind: ServedKind;
  readonly facts: Facts;
  /** Where they are in the bytes that are served; not known of what was stored before this process began. */
  readonly managedFields: Stretch | undefined;
}

/**
 * Stored entries as objects. Bytes are what everyone shares; the parsed form is kept only for what was used last,
 * because it is several times larger. Nothing that comes from here may be changed.
 */
export class Objects {
  readonly #parsed: RecentlyUsed<Entry, Parsed>;

  constructor(limit: number = parsedCacheBytes) {
    this.#parsed = new RecentlyUsed({ weight: limit, weightOf: ({ size }) => size });
  }

  /** The JSON that is served: for most kinds the stored bytes themselves. */
  bytes(kind: ServedKind, entry: Entry): Uint8Array {
    if (kind.plain) return entry.value;
    const opened = open(kind, entry, entry.value);
    const convert = kind.definition.storage?.convert;
    if (!convert) return opened;
    return stamp(encode(convert.fromStored(decode(opened))), entry.modRevision);
  }

  /** As `bytes`, but without managed fields, as far as it costs nothing to leave them out. */
  leanBytes(kind: ServedKind, entry: Entry): Uint8Array {
    const [bytes, ...more] = this.leanPieces(kind, entry);
    return more.length > 0 ? Buffer.concat([bytes, ...more]) : bytes;
  }

  /** The same in pieces, of which nothing is copied. */
  leanPieces(kind: ServedKind, entry: Entry): readonly [Uint8Array, ...Uint8Array[]] {
    const bytes = this.bytes(kind, entry);
    const left = this.managedFields(kind, entry);
    return left ? around(bytes, left) : [bytes];
  }

  /** Its `PartialObjectMetadata`, cut out of the same bytes; undefined where it is not known what lies where. */
  metadataBytes(kind: ServedKind, entry: Entry, which: "all" | "without fields"): Uint8Array | undefined {
    const lies = this.managedFields(kind, entry);
    const pieces = lies && metadataIn(this.bytes(kind, entry), lies, which);
    return pieces && Buffer.concat(pieces);
  }

  /** The object, shared with others who read it. */
  read(kind: ServedKind, entry: Entry): KubernetesObject {
    const known = this.#parsed.get(entry);
    if (known?.kind === kind) return known.object;
    const object = this.#parse(kind, entry);
    this.#parsed.set(entry, { kind, object });
    return object;
  }

  /** As `read`, but without keeping it: for walks over many objects, and for what is about to be replaced. */
  peek(kind: ServedKind, entry: Entry): KubernetesObject {
    const known = this.#parsed.peek(entry);
    return known?.kind === kind ? known.object : this.#parse(kind, entry);
  }

  /** As `peek`, but without managed fields where it is known what lies where. */
  peekParted(kind: ServedKind, entry: Entry): Parted {
    const lies = this.managedFields(kind, entry);
    if (lies && !this.#parsed.peek(entry)) return decodeParted(entry.peek(), lies);
    return { object: this.peek(kind, entry), managedFields: undefined };
  }

  facts(kind: ServedKind, entry: Entry): Facts {
    const known = this.knownFacts(kind, entry);
    if (known) return known;
    const facts = factsOf(kind, this.peek(kind, entry));
    entry.memo = { kind, facts, managedFields: undefined } satisfies EntryMemo;
    return facts;
  }

  /** Facts that nobody has to make. */
  knownFacts(kind: ServedKind, entry: Entry): Facts | undefined {
    return memoOf(kind, entry)?.facts;
  }

  /** Where the managed fields are in `bytes`, if that is known. */
  managedFields(kind: ServedKind, entry: Entry): Stretch | undefined {
    return memoOf(kind, entry)?.managedFields;
  }

  #parse(kind: ServedKind, entry: Entry): KubernetesObject {
    const stored = decode(open(kind, entry, entry.peek()));
    const convert = kind.definition.storage?.convert;
    return convert ? convert.fromStored(stored) : stored;
  }
}

interface Parsed {
  readonly kind: ServedKind;
  readonly object: KubernetesObject;
}

/** Facts of an object at hand; those of its earlier version where nothing has changed: what lives as long as they is not made again and again. */
export function factsOf(kind: ServedKind, object: KubernetesObject, earlier?: Facts): Facts {
  const facts = newFacts(kind, object);
  return earlier && saysTheSame(earlier, facts) ? earlier : facts;
}

function saysTheSame({ metadata, fields }: Facts, now: Facts): boolean {
  const { name, namespace, labels } = now.metadata;
  if (metadata.name !== name || metadata.namespace !== namespace || metadata.labels !== labels) return false;
  for (const field in now.fields) if (fields[field] !== now.fields[field]) return false;
  return true;
}

function newFacts(kind: ServedKind, object: KubernetesObject): Facts {
  const { metadata } = object;
  const fields: Record<string, string> = {};
  const selectable = kind.definition.selectableFields;
  for (const field in selectable) fields[field] = textOnce(selectable[field]?.(object) ?? "");
  const { name = "", namespace = "", labels } = metadata ?? {};
  const shared = labels ? labelsOnce(labels) : noLabels;
  return { metadata: { name, namespace: textOnce(namespace), labels: shared }, fields };
}

/** Facts are kept for as long as their object, and parsing makes each text anew: what many objects have in common is kept once. */
function textOnce(text: string): string {
  return text === "" ? text : once(sharedTexts, text, text);
}

function labelsOnce(labels: Record<string, string>): Record<string, string> {
  return once(sharedLabels, JSON.stringify(labels), labels);
}

function once<T>(known: Map<string, T>, key: string, value: T): T {
  // Of what is large few have the same, and it would be kept when its objects are long gone.
  if (key.length > maxSharedFactLength) return value;
  const found = known.get(key);
  if (found !== undefined) return found;
  // What is forgotten here is only shared less.
  if (known.size >= maxSharedFacts) known.clear();
  known.set(key, value);
  return value;
}

const sharedTexts = new Map<string, string>();
const sharedLabels = new Map<string, Record<string, string>>();

const noLabels: Record<string, string> = Object.freeze({});

function memoOf(kind: ServedKind, entry: Entry): EntryMemo | undefined {
  const known = entry.memo as EntryMemo | undefined;
  return known?.kind === kind ? known : undefined;
}

function open(kind: ServedKind, entry: Entry, value: Uint8Array): Uint8Array {
  const { transformer } = kind;
  if (!transformer) return value;
  return stamp(transformer.open(value, entry.key), entry.modRevision);
}
