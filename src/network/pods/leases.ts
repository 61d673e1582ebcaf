import { ApiError, assert } from "#base";
import { formatAddress, parseAddress, parseRange } from "../ranges.ts";

/** Which pod holds which address of one node's range. Pure; the caller persists `entries()`. */
export class Leases {
  readonly #range: { first: number; size: number };
  readonly #byId = new Map<string, number>();
  readonly #taken = new Set<number>();
  /** Addresses are handed out in turn, so that one just freed rests before it is used again. */
  #next: number;

  /** `range` like `10.244.0.0/24`: network, gateway and broadcast addresses are never leased. */
  constructor(range: string, entries: Iterable<readonly [id: string, address: string]> = []) {
    this.#range = parseRange(range);
    this.#next = 2;
    for (const [id, address] of entries) {
      const value = parseAddress(address);
      assert(value !== undefined, `the lease of ${id} is not an address: ${address}`);
      this.#byId.set(id, value);
      this.#taken.add(value);
      this.#next = Math.max(this.#next, value - this.#range.first + 1);
    }
  }

  /** The address of `id`, leased now if it has none. Throws ServiceUnavailable when the range is used up. */
  lease(id: string): string {
    const held = this.#byId.get(id);
    if (held !== undefined) return formatAddress(held);
    const usable = this.#range.size - 3;
    for (let tried = 0; tried < usable; tried += 1) {
      const offset = 2 + ((this.#next - 2 + tried) % usable);
      const address = this.#range.first + offset;
      if (this.#taken.has(address)) continue;
      this.#next = offset + 1;
      this.#byId.set(id, address);
      this.#taken.add(address);
      return formatAddress(address);
    }
    throw new ApiError(
      "ServiceUnavailable",
      `no address left for pod ${id}: all ${usable} of this node's range are in use; delete pods, or give the node a larger range`,
    );
  }

  release(id: string): void {
    const address = this.#byId.get(id);
    if (address === undefined) return;
    this.#byId.delete(id);
    this.#taken.delete(address);
  }

  addressOf(id: string): string | undefined {
    const address = this.#byId.get(id);
    return address === undefined ? undefined : formatAddress(address);
  }

  entries(): [id: string, address: string][] {
    return [...this.#byId].map(([id, address]) => [id, formatAddress(address)]);
  }
}
