import { isAddressOrRange } from "../addresses.ts";
import { Secret } from "./secret.ts";

/** One named value of a configuration: what is allowed, what it is when nobody says, and what it is for. */
export interface Setting<T> {
  /** The value that `text` stands for, or what is wrong with it. Never throws. */
  readonly parse: (text: string) => Parsed<T>;
  /** What is allowed, as the end of the sentence "must be …". */
  readonly allowed: string;
  readonly description: string;
  /** Absent: somebody has to say it. */
  readonly default?: T;
  /** When true, neither the value nor a wrong text for it is ever shown. */
  readonly secret: boolean;
}

export type Parsed<T> = { readonly value: T } | { readonly wrong: true };

/** What every setting may say about itself. */
export interface Described<T> {
  readonly description?: string;
  /** Without one the setting is required. */
  readonly default?: T;
}

/** Settings by name, in camelCase: `maxOrders` is MAX_ORDERS in the environment and in files, --max-orders as an argument. */
export type Settings = Readonly<Record<string, Setting<unknown>>>;

/** The values of settings, typed. */
export type Values<S extends Settings> = {
  readonly [Name in keyof S]: S[Name] extends Setting<infer T> ? T : never;
};

/** Makes settings. Each takes its default and description, and what narrows the values allowed. */
export const setting = {
  string: (options: Described<string> & { readonly pattern?: RegExp } = {}): Setting<string> => {
    const { pattern } = options;
    return make(options, pattern ? `text that matches ${pattern}` : "text that is not empty", (text) =>
      text !== "" && (!pattern || pattern.test(text)) ? { value: text } : wrong,
    );
  },

  integer: (options: Described<number> & Range = {}): Setting<number> =>
    make(options, `a whole number${within(options)}`, (text) =>
      // Beyond these it would be read as another number than was written.
      /^[+-]?\d+$/.test(text) && Number.isSafeInteger(Number(text)) ? ranged(Number(text), options) : wrong,
    ),

  number: (options: Described<number> & Range = {}): Setting<number> =>
    make(options, `a number${within(options)}`, (text) =>
      /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? ranged(Number(text), options) : wrong,
    ),

  boolean: (options: Described<boolean> = {}): Setting<boolean> =>
    make(options, "true or false", (text) =>
      text === "true" ? { value: true } : text === "false" ? { value: false } : wrong,
    ),

  /** A length of time, as milliseconds: `250ms`, `1.5s`, `10m`, `2h`. */
  durationMs: (options: Described<number> & Range = {}): Setting<number> =>
    make(options, `a length of time such as 250ms, 1.5s, 10m or 2h${within(options, "ms")}`, (text) => {
      const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text);
      return match ? ranged(Number(match[1]) * unitMs[match[2] as keyof typeof unitMs], options) : wrong;
    }),

  url: (options: Described<string> & { readonly protocols?: readonly string[] } = {}): Setting<string> => {
    const protocols = options.protocols ?? ["http", "https"];
    return make(
      options,
      `a URL that begins with ${protocols.map((each) => `${each}://`).join(" or ")}`,
      (text) => (protocols.includes(URL.parse(text)?.protocol.slice(0, -1) ?? "") ? { value: text } : wrong),
    );
  },

  oneOf: <const T extends string>(choices: readonly T[], options: Described<T> = {}): Setting<T> =>
    make(options, `one of ${choices.join(", ")}`, (text) => {
      const value = choices.find((choice) => choice === text);
      return value === undefined ? wrong : { value };
    }),

  /** Several texts with commas between them. An empty text is an empty list. */
  list: (options: Described<readonly string[]> = {}): Setting<readonly string[]> =>
    make(options, "texts with commas between them, none of them empty", (text) => {
      const value = text === "" ? [] : text.split(",").map((part) => part.trim());
      return value.includes("") ? wrong : { value };
    }),

  /** Addresses and ranges of them, with commas between them: what an `AddressSet` is made of. */
  addresses: (options: Described<readonly string[]> = {}): Setting<readonly string[]> =>
    make(options, "addresses or ranges such as 10.0.0.0/8, with commas between them", (text) => {
      const value = text === "" ? [] : text.split(",").map((part) => part.trim());
      return value.every(isAddressOrRange) ? { value } : wrong;
    }),

  /** Something that must never be printed: a password, a token, a key. It has no default, for that would stand in the source. */
  secret: (options: { readonly description?: string } = {}): Setting<Secret> => ({
    ...make<Secret>(options, "text that is not empty", (text) =>
      text === "" ? wrong : { value: new Secret(text) },
    ),
    secret: true,
  }),

  /** The same setting, where nobody has to say it: its value is undefined then. */
  optional: <T>(of: Setting<T>): Setting<T | undefined> => ({ ...of, default: undefined }),
};

interface Range {
  readonly min?: number;
  readonly max?: number;
}

const wrong = { wrong: true } as const;

const unitMs = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

function make<T>(options: Described<T>, allowed: string, parse: (text: string) => Parsed<T>): Setting<T> {
  return {
    parse,
    allowed,
    description: options.description ?? "",
    secret: false,
    ...("default" in options ? { default: options.default } : {}),
  } as Setting<T>;
}

function ranged(value: number, { min = -Number.MAX_VALUE, max = Number.MAX_VALUE }: Range): Parsed<number> {
  return value >= min && value <= max ? { value } : wrong;
}

function within({ min, max }: Range, unit = ""): string {
  if (min !== undefined && max !== undefined) return ` from ${min}${unit} to ${max}${unit}`;
  if (min !== undefined) return ` of at least ${min}${unit}`;
  return max === undefined ? "" : ` of at most ${max}${unit}`;
}
