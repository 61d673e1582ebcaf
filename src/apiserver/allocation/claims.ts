import type { Service } from "#api";
import type { Snapshot } from "#store";
import type { Participation } from "../ports.ts";

/** Keys that one write takes and gives back, each with what must still be true when it commits. */
export class Claims {
  readonly #snapshot: Snapshot;
  readonly #preconditions: { key: string; modRevision: number }[] = [];
  readonly #operations: (
    | { type: "put"; key: string; value: Uint8Array }
    | { type: "delete"; key: string }
  )[] = [];
  readonly #taken = new Set<string>();

  constructor(snapshot: Snapshot) {
    this.#snapshot = snapshot;
  }

  isTaken(key: string): boolean {
    return this.#taken.has(key) || this.#snapshot.get(key) !== undefined;
  }

  /** Takes a key that is free. Another server that takes it first makes the whole write begin again. */
  take(key: string, value: Uint8Array): void {
    this.#taken.add(key);
    this.#preconditions.push({ key, modRevision: 0 });
    this.#operations.push({ type: "put", key, value });
  }

  /** Gives a key back if it is still `isOurs`. */
  giveBack(key: string, isOurs: (value: Uint8Array) => boolean): void {
    const entry = this.#snapshot.get(key);
    if (!entry || !isOurs(entry.value)) return;
    this.#preconditions.push({ key, modRevision: entry.modRevision });
    this.#operations.push({ type: "delete", key });
  }

  participation(object: Service | undefined): Participation {
    return {
      ...(object ? { object } : {}),
      preconditions: this.#preconditions,
      operations: this.#operations,
    };
  }
}
