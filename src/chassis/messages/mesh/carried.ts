import type { CloudEvent } from "../cloud-event.ts";
import { limits } from "../limits.ts";

/**
 * What was carried here of late, whichever way it came. It is forgotten with the process: what then comes by another way
 * is said again, as any broker may say things again.
 */
export class Carried {
  readonly #done = new Set<string>();
  readonly #underway = new Map<string, Promise<void>>();

  /** Resolves when the event is carried. One that is on its way already is waited for: what is behind it must not be first. */
  once(topic: string, { source, id }: CloudEvent, carry: () => Promise<void>): Promise<void> {
    const name = JSON.stringify([topic, source, id]);
    if (this.#done.has(name)) return Promise.resolve();
    const underway = this.#underway.get(name);
    if (underway) return underway;
    const carrying = carry()
      .then(() => this.#remember(name))
      .finally(() => this.#underway.delete(name));
    this.#underway.set(name, carrying);
    return carrying;
  }

  #remember(name: string): void {
    this.#done.add(name);
    const [oldest] = this.#done;
    if (this.#done.size > limits.carried && oldest !== undefined) this.#done.delete(oldest);
  }
}
