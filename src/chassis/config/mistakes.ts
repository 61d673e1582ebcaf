import { util } from "../node-modules.ts";

/** One thing that is wrong with a configuration. */
export interface Mistake {
  /** The setting, or what was written where none is: `--prot`. */
  readonly name: string;
  /** Where the wrong value stands: `MAX_ORDERS in the environment`. */
  readonly source: string;
  /** What is wrong and what is allowed, as a sentence without its subject: `is "ten", must be a whole number`. */
  readonly what: string;
}

/** A configuration that cannot be used, with everything that is wrong about it at once. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  /** Behind a getter: Node prints what an uncaught error has of its own, and the message says it all. */
  readonly #mistakes: readonly Mistake[];

  constructor(mistakes: readonly Mistake[]) {
    super(
      `the configuration has ${mistakes.length === 1 ? "a mistake" : `${mistakes.length} mistakes`}:\n${mistakes
        .map(({ name, source, what }) => `  ${name}: ${source} ${what}`)
        .join("\n")}`,
    );
    this.#mistakes = mistakes;
    // Whoever reads this has mistyped a setting: where in our code it was noticed is no help.
    this.stack = `${this.name}: ${this.message}`;
  }

  get mistakes(): readonly Mistake[] {
    return this.#mistakes;
  }

  [util.inspect.custom](): string {
    return this.stack ?? this.message;
  }
}
