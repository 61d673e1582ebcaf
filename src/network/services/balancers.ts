import { must } from "#base";

/** The names that balancers have. */
export const balancerChain: RegExp = /^(lb-\d+-\d+|hash-\d+)$/;

/** How connections are spread: each endpoint in turn, or the same endpoint for the same client address. */
export type Balance = "round-robin" | "source-hash";

/** A chain that numbers connections: `lb-3-0` counts 0, 1, 2, 0 …; `hash-3` gives a client its number below 3. */
export interface Balancer {
  readonly chain: string;
  /** The chain's rules; it is made when it is new. */
  readonly rules: readonly string[];
  readonly isNew: boolean;
}

/**
 * The chains that number connections. As long as there are fewer than `limit`, every service port counts alone, so its
 * round robin is exact however calls to different services interleave; beyond it, ports with equally many endpoints
 * share the least used chain, because each further chain makes every change to the table slower.
 */
export class Balancers {
  readonly #limit: number;
  readonly #users = new Map<string, number>();
  /** Free numbers by count of endpoints come back first, so that names stay few. */
  readonly #slots = new Map<number, Set<number>>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Takes a chain for a port with so many endpoints. */
  take(balance: Balance, endpoints: number): Balancer {
    const chain = balance === "source-hash" ? `hash-${endpoints}` : this.#roundRobin(endpoints);
    const users = this.#users.get(chain) ?? 0;
    this.#users.set(chain, users + 1);
    const number = balance === "source-hash" ? "jhash ip saddr" : "numgen inc";
    return {
      chain,
      rules: [`meta mark set ${number} mod ${endpoints}`, "goto dispatch"],
      isNew: users === 0,
    };
  }

  /** Gives a chain back; true when nobody uses it any more. */
  release(chain: string): boolean {
    const users = must(this.#users.get(chain), `chain ${chain} is released more often than taken`) - 1;
    if (users > 0) {
      this.#users.set(chain, users);
      return false;
    }
    this.#users.delete(chain);
    const [, endpoints, slot] = /^lb-(\d+)-(\d+)$/.exec(chain) ?? [];
    if (endpoints !== undefined) this.#slots.get(Number(endpoints))?.delete(Number(slot));
    return true;
  }

  #roundRobin(endpoints: number): string {
    const slots = this.#slots.get(endpoints) ?? new Set<number>();
    this.#slots.set(endpoints, slots);
    if (slots.size === 0 || this.#users.size < this.#limit) {
      let slot = 0;
      while (slots.has(slot)) slot += 1;
      slots.add(slot);
      return `lb-${endpoints}-${slot}`;
    }
    const names = Array.from(slots, (slot) => `lb-${endpoints}-${slot}`);
    return names.reduce((least, name) =>
      (this.#users.get(name) ?? 0) < (this.#users.get(least) ?? 0) ? name : least,
    );
  }
}
