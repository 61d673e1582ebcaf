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
 * share the chains that are there, in turn, because each further chain makes every change to the table slower.
 */
export class Balancers {
  readonly #limit: number;
  readonly #users = new Map<string, number>();
  readonly #counters = new Map<number, Counters>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Takes a chain for a port with so many endpoints. */
  take(balance: Balance, endpoints: number): Balancer {
    const chain = balance === "source-hash" ? `hash-${endpoints}` : this.#counter(endpoints);
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
    if (endpoints === undefined) return true;
    const counters = must(this.#counters.get(Number(endpoints)), `no chain counts to ${endpoints}`);
    counters.chains.splice(counters.chains.indexOf(chain), 1);
    counters.free.push(Number(slot));
    return true;
  }

  #counter(endpoints: number): string {
    const counters = this.#counters.get(endpoints) ?? { chains: [], free: [], turn: 0 };
    this.#counters.set(endpoints, counters);
    const { chains, free } = counters;
    if (chains.length > 0 && this.#users.size >= this.#limit) {
      counters.turn += 1;
      return chains[counters.turn % chains.length] as string;
    }
    const chain = `lb-${endpoints}-${free.pop() ?? chains.length}`;
    chains.push(chain);
    return chain;
  }
}

/** The chains that count to the same number. */
interface Counters {
  readonly chains: string[];
  /** Numbers in names of chains that are gone come back first, so that names stay few. */
  readonly free: number[];
  turn: number;
}
