import { limits } from "../limits.ts";

/**
 * The latest events of watches, each read once however many parts are told of it. They all keep the same objects, as the readers of one
 * informer do, and none of them changes one.
 */
export class SharedEvents {
  readonly #latest = new Map<string, unknown>();

  /** `line` as an object: the one that another part was given, if one was. */
  readonly parse = (line: string): unknown => {
    const known = this.#latest.get(line);
    if (known !== undefined) return known;
    const event: unknown = JSON.parse(line);
    if (this.#latest.size >= limits.sharedEvents) this.#latest.clear();
    this.#latest.set(line, event);
    return event;
  };
}
