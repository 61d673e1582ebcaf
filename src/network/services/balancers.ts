import { assert, must } from "#base";
import { limits } from "../limits.ts";

/** The names that balancers have. */
export const balancerChain: RegExp = /^(lb|sticky)-\d+-\d+$/;

/** How a service port's connections are spread over its endpoints. */
export interface Balance {
  readonly endpoints: number;
  /** So long after its last connection a client still returns to its endpoint; undefined: each connection to the next. */
  readonly affinitySeconds: number | undefined;
}

/** A chain that numbers connections: `lb-3-0` counts 0, 1, 2, 0 …; `sticky-3-60` does for clients it has not seen for 60 s. */
export interface Balancer {
  readonly chain: string;
  /** By which connection marks name it. */
  readonly number: number;
  readonly rules: readonly string[];
}

/**
 * The chains that number connections. As long as there are fewer than `limit`, every service port counts alone, so its
 * round robin is exact however calls to different services interleave; beyond it, ports with equally many endpoints
 * share the chains that are there, in turn, because each further chain makes every change to the table slower. Ports whose
 * clients return to their endpoint share anyway; beyond the limit their times are rounded up, so that there are few of those too.
 */
export class Balancers {
  readonly #limit: number;
  readonly #taken = new Map<string, { readonly balancer: Balancer; users: number }>();
  readonly #counters = new Map<number, Counters>();
  readonly #freeNumbers: number[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** One that spreads connections so; `isNew` when nobody has used it. */
  take(wanted: Balance): { readonly balancer: Balancer; readonly isNew: boolean } {
    const balance = this.#affordable(wanted);
    const { endpoints, affinitySeconds } = balance;
    const chain = affinitySeconds === undefined ? this.#counter(endpoints) : stickyChain(balance);
    const taken = this.#taken.get(chain);
    if (taken) {
      taken.users += 1;
      return { balancer: taken.balancer, isNew: false };
    }
    const number = this.#freeNumbers.pop() ?? this.#taken.size;
    assert(number < limits.balancerNumbers, `more than ${limits.balancerNumbers} ways to spread connections`);
    const balancer = { chain, number, rules: rulesOf(balance) };
    this.#taken.set(chain, { balancer, users: 1 });
    return { balancer, isNew: true };
  }

  /** Gives one back; true when nobody uses it any more. */
  release({ chain, number }: Balancer): boolean {
    const taken = must(this.#taken.get(chain), `chain ${chain} is released more often than taken`);
    taken.users -= 1;
    if (taken.users > 0) return false;
    this.#taken.delete(chain);
    this.#freeNumbers.push(number);
    const [, endpoints, slot] = /^lb-(\d+)-(\d+)$/.exec(chain) ?? [];
    if (endpoints === undefined) return true;
    const counters = must(this.#counters.get(Number(endpoints)), `no chain counts to ${endpoints}`);
    counters.chains.splice(counters.chains.indexOf(chain), 1);
    counters.free.push(Number(slot));
    return true;
  }

  /** Anybody may give a service a time of its own: beyond the limit, powers of two are enough. */
  #affordable(balance: Balance): Balance {
    const { affinitySeconds } = balance;
    if (affinitySeconds === undefined || this.#taken.size < this.#limit) return balance;
    if (this.#taken.has(stickyChain(balance))) return balance;
    return { ...balance, affinitySeconds: 2 ** Math.ceil(Math.log2(affinitySeconds)) };
  }

  #counter(endpoints: number): string {
    const counters = this.#counters.get(endpoints) ?? { chains: [], free: [], turn: 0 };
    this.#counters.set(endpoints, counters);
    const { chains, free } = counters;
    if (chains.length > 0 && this.#taken.size >= this.#limit) {
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

function stickyChain({ endpoints, affinitySeconds }: Balance): string {
  return `sticky-${endpoints}-${affinitySeconds}`;
}

function rulesOf({ endpoints, affinitySeconds }: Balance): string[] {
  const number = `meta mark set numgen inc mod ${endpoints}`;
  if (affinitySeconds === undefined) return [number, "goto dispatch"];
  const remember = `@affinity { ip saddr . ct mark timeout ${affinitySeconds}s : meta mark }`;
  return [
    "meta mark set 0",
    "meta mark set ip saddr . ct mark map @affinity",
    `meta mark != 0 update ${remember}`,
    // Only where the endpoint is still there does this end the way.
    "meta l4proto { tcp, udp, sctp } dnat ip to ct mark . meta mark map @endpoints",
    "delete @affinity { ip saddr . ct mark : meta mark }",
    number,
    "meta mark set ct mark . meta mark map @slots",
    `add ${remember}`,
    "goto dispatch",
  ];
}
