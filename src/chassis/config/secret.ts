import { util } from "../node-modules.ts";

const shown = "[secret]";

/**
 * A value that is not printed by accident: as text, in a template string, as JSON, in a log line, by `console.log` or a debugger's
 * inspection it is `[secret]`. Who needs it says `reveal()`, and can be found by that word.
 */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  reveal(): string {
    return this.#value;
  }

  /** Whether both hold the same, without showing it. Not for comparing what a caller sent: see `timingSafeEqual` of node:crypto. */
  equals(other: Secret): boolean {
    return this.#value === other.#value;
  }

  toString(): string {
    return shown;
  }

  toJSON(): string {
    return shown;
  }

  [Symbol.toPrimitive](): string {
    return shown;
  }

  [util.inspect.custom](): string {
    return shown;
  }
}

/** A text that is shown as it was written, but for what stands where a URL has a password. */
export function withoutPassword(text: string): string {
  return text.replace(/(:\/\/[^/?#@\s:]*:)\S*@/, `$1${shown}@`);
}
