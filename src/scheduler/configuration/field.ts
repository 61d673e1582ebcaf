import { type Document, isNode, LineCounter, parseDocument } from "yaml";
import { nearest } from "#base";

/**
 * A value of a configuration that knows where it stands. Its questions answer undefined when nothing was written or when it is something
 * else; the latter they say, with the line: `line 7: profiles[0].schedulerName is a text`.
 */
export class Field {
  readonly path: readonly (string | number)[];
  readonly value: unknown;
  readonly #reading: Reading;

  private constructor(reading: Reading, path: readonly (string | number)[], value: unknown) {
    this.#reading = reading;
    this.path = path;
    this.value = value;
  }

  /** Reads a YAML or JSON text; what is wrong with it as such is a mistake too. */
  static read(text: string, mistakes: string[]): Field {
    const lines = new LineCounter();
    const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: "error" });
    const found = document.errors.map(({ pos, message }) => `line ${lines.linePos(pos[0]).line}: ${message}`);
    mistakes.push(...found);
    const value = found.length > 0 ? undefined : document.toJS({ maxAliasCount: mostAliases });
    return new Field({ document, lines, mistakes }, [], value ?? undefined);
  }

  get isEmpty(): boolean {
    return this.value === undefined || this.value === null;
  }

  complain(message: string): undefined {
    const { document, lines, mistakes } = this.#reading;
    const onTheWay = this.path.map((_, depth) => document.getIn(this.path.slice(0, depth + 1), true));
    const offset = onTheWay.filter(isNode).at(-1)?.range?.[0] ?? 0;
    mistakes.push(`line ${lines.linePos(offset).line}: ${this.#name} ${message}`);
    return undefined;
  }

  /** The fields of a map, all that may be there; another one is a mistake. */
  fields<Name extends string>(names: readonly Name[]): Readonly<Record<Name, Field>> {
    const map = this.#isMap() ? (this.value as Record<string, unknown>) : {};
    for (const key of Object.keys(map)) {
      if ((names as readonly string[]).includes(key)) continue;
      const meant = nearest(key, names);
      const hint = meant ? `; did you mean ${meant}?` : `; there may be: ${names.join(", ")}`;
      this.#below(key, map[key]).complain(`is not known here${hint}`);
    }
    return Object.fromEntries(names.map((name) => [name, this.#below(name, map[name])])) as Record<
      Name,
      Field
    >;
  }

  items(): readonly Field[] {
    if (this.isEmpty) return [];
    if (Array.isArray(this.value)) return this.value.map((item, at) => this.#below(at, item));
    return this.complain("is a list") ?? [];
  }

  text(): string | undefined {
    if (this.isEmpty) return undefined;
    if (typeof this.value === "string" && this.value !== "") return this.value;
    return this.complain("is a text");
  }

  oneOf<Word extends string>(words: readonly Word[]): Word | undefined {
    const text = this.text();
    if (text === undefined) return undefined;
    const word = words.find((one) => one === text);
    return word ?? this.complain(`is one of ${words.join(", ")}, not ${text}`);
  }

  /** A whole number, both ends included. */
  whole(least: number, most: number): number | undefined {
    if (this.isEmpty) return undefined;
    const number = this.value as number;
    if (Number.isInteger(number) && number >= least && number <= most) return number;
    return this.complain(`is a whole number from ${least} to ${most}, not ${JSON.stringify(this.value)}`);
  }

  #isMap(): boolean {
    if (this.isEmpty) return false;
    if (typeof this.value === "object" && !Array.isArray(this.value)) return true;
    this.complain("is a map: names, each with its value");
    return false;
  }

  #below(key: string | number, value: unknown): Field {
    return new Field(this.#reading, [...this.path, key], value);
  }

  get #name(): string {
    const words = this.path.map((key, at) =>
      typeof key === "number" ? `[${key}]` : at === 0 ? key : `.${key}`,
    );
    return words.join("") || "the configuration";
  }
}

interface Reading {
  readonly document: Document;
  readonly lines: LineCounter;
  readonly mistakes: string[];
}

/** More references than this are an attack on the memory. */
const mostAliases = 100;
