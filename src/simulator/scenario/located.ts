import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseAllDocuments,
} from "yaml";
import { nearest } from "#base";
import type { Mistake, Place } from "./mistakes.ts";

/** A file that is being read, and what was found to be wrong so far. */
interface Reading {
  readonly file: string;
  readonly lines: LineCounter;
  readonly mistakes: Mistake[];
}

/** Reads every document of a YAML text. What is wrong is added to `mistakes`; empty documents are left out. */
export function readYaml(file: string, text: string, mistakes: Mistake[]): Located[] {
  const lines = new LineCounter();
  const reading = { file, lines, mistakes };
  const documents = parsed(reading, text);
  if (!Array.isArray(documents)) return [];
  // The parser tells as a mistake of the text where its own stack ended, and many more that follow from it.
  const overflow = documents
    .flatMap(({ errors }) => errors)
    .find(({ message }) => /call stack/.test(message));
  if (overflow) {
    mistakes.push({ place: placeOf(reading, overflow.pos[0]), message: tooDeep });
    return [];
  }
  const found: Located[] = [];
  for (const document of documents) {
    for (const error of document.errors) {
      mistakes.push({ place: placeOf(reading, error.pos[0]), message: error.message });
    }
    if (document.errors.length > 0 || document.contents === null) continue;
    const value = new Located(reading, document, document.contents as Node);
    if (!value.isEmpty) found.push(value);
  }
  return found;
}

/** The parser calls itself for what is within: so deep that its stack ends is deeper than anything that somebody means. */
function parsed(reading: Reading, text: string): ReturnType<typeof parseAllDocuments> | undefined {
  try {
    return parseAllDocuments(text, { lineCounter: reading.lines, prettyErrors: false, logLevel: "error" });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    reading.mistakes.push({ place: { file: reading.file, line: 1, column: 1 }, message: tooDeep });
    return undefined;
  }
}

const tooDeep = "this is nested too deeply to be read: lists and maps within each other, hundreds of them";

/** A value of a YAML file that knows where it stands. Its questions answer undefined when it is something else, and say so. */
export class Located {
  readonly place: Place;
  readonly #reading: Reading;
  readonly #document: Document;
  readonly #node: Node | null | undefined;

  constructor(reading: Reading, document: Document, node: Node | null, at = node) {
    this.#reading = reading;
    this.#document = document;
    this.#node = isAlias(node) ? node.resolve(document) : node;
    this.place = placeOf(reading, at?.range?.[0] ?? 0);
  }

  /** Nothing was written: `~`, `null` or no text at all. */
  get isEmpty(): boolean {
    return !this.#node || (isScalar(this.#node) && this.#node.value === null);
  }

  /** What a scalar holds; undefined for maps and lists. */
  get scalar(): string | number | boolean | undefined {
    const value = isScalar(this.#node) ? this.#node.value : undefined;
    return typeof value === "string" || typeof value === "number" || typeof value === "boolean"
      ? value
      : undefined;
  }

  get isMap(): boolean {
    return isMap(this.#node);
  }

  /** The plain value. */
  toPlain(): unknown {
    try {
      const plain: unknown = this.#node?.toJS(this.#document, { maxAliasCount });
      return isDeeper(plain, deepest) ? this.complain(tooDeep) : plain;
    } catch (error) {
      if (error instanceof RangeError) return this.complain(tooDeep);
      this.complain(error instanceof Error ? error.message : String(error));
      return undefined;
    }
  }

  /** Where a field below stands, or the nearest that was written: `spec.containers[0].image`. */
  placeOf(field: string): Place {
    let place = this.place;
    let node = this.#node;
    for (const [word] of field.matchAll(/[^.[\]]+/g)) {
      const resolved: unknown = isAlias(node) ? node.resolve(this.#document) : node;
      if (isMap(resolved)) {
        const pair = resolved.items.find(({ key }) => isScalar(key) && String(key.value) === word);
        if (!pair) break;
        place = placeOf(this.#reading, (pair.key as Node).range?.[0] ?? 0);
        node = pair.value as Node | null;
      } else if (isSeq(resolved)) {
        node = resolved.items[Number(word)] as Node | undefined;
        if (!node) break;
        place = placeOf(this.#reading, node.range?.[0] ?? 0);
      } else break;
    }
    return place;
  }

  complainAt(field: string, message: string): void {
    this.#reading.mistakes.push({ place: this.placeOf(field), message });
  }

  complain(message: string): undefined {
    this.#reading.mistakes.push({ place: this.place, message });
    return undefined;
  }

  items(what: string): Located[] {
    if (this.isEmpty) return [];
    if (isSeq(this.#node)) return this.#node.items.map((item) => this.#below(item as Node, item as Node));
    this.complain(`${what} is a list: each on a line of its own that begins with "- "`);
    return [];
  }

  /** A map whose keys are the writer's own, each with its value. */
  entries(what: string): { readonly key: string; readonly at: Located; readonly value: Located }[] {
    if (this.isEmpty) return [];
    if (!isMap(this.#node)) {
      this.complain(`${what} is a map: NAME: VALUE`);
      return [];
    }
    return this.#node.items.map(({ key, value }: Pair) => {
      const at = key as Node;
      return {
        key: String(isScalar(at) ? at.value : at),
        at: this.#below(at, at),
        value: this.#below((value ?? null) as Node | null, (value ?? at) as Node),
      };
    });
  }

  /** A map of which every key is known. Others are mistakes. */
  fields<Name extends string>(what: string, allowed: readonly Name[]): Fields<Name> | undefined {
    if (!isMap(this.#node)) {
      return this.complain(`${what} is a map with the fields ${allowed.join(", ")}`);
    }
    const found = new Map<string, Located>();
    for (const { key, at, value } of this.entries(what)) {
      if ((allowed as readonly string[]).includes(key)) found.set(key, value);
      else at.complain(unknownField(what, key, allowed));
    }
    return {
      get: (name) => {
        const value = found.get(name);
        return value?.isEmpty ? undefined : value;
      },
      need: (name) => {
        const value = found.get(name);
        if (value && !value.isEmpty) return value;
        return (value ?? this).complain(`${what} needs the field ${name}`);
      },
    };
  }

  #below(node: Node | null, at: Node): Located {
    return new Located(this.#reading, this.#document, node, at);
  }
}

/** The fields of a map, by their names. */
export interface Fields<Name extends string> {
  get(name: Name): Located | undefined;
  /** As `get`; that it is missing is a mistake. */
  need(name: Name): Located | undefined;
}

/** `there is no service "shop/wbe"; did you mean "shop/web"? There are: …` */
export function unknown(what: string, typed: string, known: readonly string[]): string {
  return `there is no ${what} "${typed}"${guess(typed, known)} There ${known.length > 0 ? `are: ${listed(known)}` : "is none"}`;
}

/** `a scenario has no field "duraton"; did you mean "duration"? Allowed: …` */
export function unknownField(owner: string, typed: string, allowed: readonly string[]): string {
  return `${owner} has no field "${typed}"${guess(typed, allowed)} Allowed: ${listed(allowed)}`;
}

function guess(typed: string, candidates: readonly string[]): string {
  const near = nearest(typed, candidates);
  return near === undefined ? "." : `; did you mean "${near}"?`;
}

function listed(names: readonly string[]): string {
  const more = names.length - mostNamed;
  return names.slice(0, mostNamed).join(", ") + (more > 0 ? `, and ${more} more` : "");
}

function placeOf({ file, lines }: Reading, offset: number): Place {
  const { line, col } = lines.linePos(offset);
  return { file, line: Math.max(1, line), column: Math.max(1, col) };
}

/** Level by level, so that no depth is too much for it; what a level has twice is looked at once, so that a list that contains itself ends, too. */
function isDeeper(value: unknown, most: number): boolean {
  let level = new Set([value]);
  for (let depth = 0; level.size > 0; depth += 1) {
    if (depth > most) return true;
    const next = new Set<unknown>();
    for (const one of level) {
      if (typeof one === "object" && one !== null) for (const child of Object.values(one)) next.add(child);
    }
    level = next;
  }
  return false;
}

/** Far more than any object of Kubernetes, far less than what calls for each level can bear. */
const deepest = 200;

const mostNamed = 20;

/** Aliases that refer to aliases multiply: the library counts what they stand for. */
const maxAliasCount = 100;
