import type { KubernetesObject } from "#api";
import type { Entry } from "#store";
import { parsedCacheBytes } from "../limits.ts";
import { decode, encode, stamp } from "./bytes.ts";
import type { ServedKind } from "./catalogue.ts";

/** What selectors ask about an object: small enough to be kept for long. */
export interface Facts {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly labels: Record<string, string>;
  };
  /** By the selectable fields of the kind, without name and namespace. */
  readonly fields: Readonly<Record<string, string>>;
}

/**
 * Stored entries as objects. Bytes are what everyone shares; the parsed form is kept only for what was used last,
 * because it is several times larger. Nothing that comes from here may be changed.
 */
export class Objects {
  /** Least recently used first. */
  readonly #parsed = new Map<Entry, Parsed>();
  readonly #facts = new WeakMap<Entry, { readonly kind: ServedKind; readonly facts: Facts }>();
  readonly #limit: number;
  #bytes = 0;

  constructor(limit: number = parsedCacheBytes) {
    this.#limit = limit;
  }

  /** The JSON that is served: for most kinds the stored bytes themselves. */
  bytes(kind: ServedKind, entry: Entry): Uint8Array {
    if (kind.plain) return entry.value;
    const opened = open(kind, entry);
    const convert = kind.definition.storage?.convert;
    if (!convert) return opened;
    return stamp(encode(convert.fromStored(decode(opened))), entry.modRevision);
  }

  /** The object, shared with others who read it. */
  read(kind: ServedKind, entry: Entry): KubernetesObject {
    const cached = this.#parsed.get(entry);
    if (cached?.kind !== kind) {
      const object = this.#parse(kind, entry);
      this.remember(kind, entry, object);
      return object;
    }
    this.#parsed.delete(entry);
    this.#parsed.set(entry, cached);
    return cached.object;
  }

  /** As `read`, but without keeping it: for walks over many objects. */
  peek(kind: ServedKind, entry: Entry): KubernetesObject {
    const cached = this.#parsed.get(entry);
    return cached?.kind === kind ? cached.object : this.#parse(kind, entry);
  }

  /** Keeps the parsed form that the caller happens to have: of what it has just written. */
  remember(kind: ServedKind, entry: Entry, object: KubernetesObject): void {
    if (!this.#parsed.has(entry)) this.#bytes += entry.value.length;
    this.#parsed.set(entry, { kind, object, facts: undefined });
    for (const oldest of this.#parsed.keys()) {
      if (this.#bytes <= this.#limit) return;
      this.#parsed.delete(oldest);
      this.#bytes -= oldest.value.length;
    }
  }

  /** What selectors ask. Kept with the parsed form while there is one, else for as long as the entry is: lists ask again and again. */
  facts(kind: ServedKind, entry: Entry): Facts {
    const cached = this.#parsed.get(entry);
    if (cached?.kind === kind) {
      cached.facts ??= factsOf(kind, cached.object);
      return cached.facts;
    }
    const known = this.#facts.get(entry);
    if (known?.kind === kind) return known.facts;
    const facts = factsOf(kind, this.#parse(kind, entry));
    this.#facts.set(entry, { kind, facts });
    return facts;
  }

  #parse(kind: ServedKind, entry: Entry): KubernetesObject {
    const stored = decode(open(kind, entry));
    const convert = kind.definition.storage?.convert;
    return convert ? convert.fromStored(stored) : stored;
  }
}

interface Parsed {
  readonly kind: ServedKind;
  readonly object: KubernetesObject;
  facts: Facts | undefined;
}

/** Facts of an object at hand. */
export function factsOf(kind: ServedKind, object: KubernetesObject): Facts {
  const { metadata } = object;
  const fields: Record<string, string> = {};
  const selectable = kind.definition.selectableFields;
  for (const field in selectable) fields[field] = selectable[field]?.(object) ?? "";
  const { name = "", namespace = "", labels = noLabels } = metadata ?? {};
  return { metadata: { name, namespace, labels }, fields };
}

const noLabels: Record<string, string> = Object.freeze({});

function open(kind: ServedKind, entry: Entry): Uint8Array {
  const { transformer } = kind;
  if (!transformer) return entry.value;
  return stamp(transformer.open(entry.value, entry.key), entry.modRevision);
}
