import { assert } from "#base";
import type { Balancer } from "./balancers.ts";
import type { Script } from "./script.ts";
import type { Frontend } from "./service-table.ts";

/** Who answers behind a frontend: what numbers its connections, and what their numbers stand for. */
export interface Answering {
  readonly frontends: readonly Frontend[];
  readonly balancer: Balancer;
  /** The upper bits of its connection mark, as long as it is installed; the balancer's number is the lower ones. */
  readonly id: number;
  /** `address . port` each. */
  readonly endpoints: readonly string[];
  readonly affinitySeconds: number | undefined;
}

/**
 * Which service port answers on which frontend. Two may claim the same one (nobody keeps two services from naming the same
 * external address): it belongs to the first until that one leaves it.
 */
export class Frontends {
  readonly #claims = new Map<string, Claim>();
  readonly #touched = new Set<Claim>();

  clear(): void {
    this.#claims.clear();
    this.#touched.clear();
  }

  answering(frontend: Frontend): Answering | undefined {
    return this.#claims.get(keyOf(frontend))?.claimants[0];
  }

  /** Puts `next` where `previous` was; either may be missing. */
  replace(previous: Answering | undefined, next: Answering | undefined): void {
    for (const frontend of next?.frontends ?? []) {
      const claim = this.#claimOn(frontend);
      const place = previous ? claim.claimants.indexOf(previous) : -1;
      claim.claimants.splice(place < 0 ? claim.claimants.length : place, 1, next as Answering);
    }
    for (const frontend of previous?.frontends ?? []) {
      const claim = this.#claimOn(frontend);
      const place = claim.claimants.indexOf(previous as Answering);
      if (place >= 0) claim.claimants.splice(place, 1);
      else
        assert(next && claim.claimants.includes(next), `${claim.key} is given back by who does not claim it`);
    }
  }

  /** Writes what has changed since the last time. */
  write(script: Script): void {
    for (const claim of this.#touched) {
      const { key, frontend, installed, claimants } = claim;
      const [first] = claimants;
      script.element(mapOf(frontend), key, markOf(installed), markOf(first));
      claim.installed = first;
      if (!first) this.#claims.delete(key);
    }
    this.#touched.clear();
  }

  #claimOn(frontend: Frontend): Claim {
    const key = keyOf(frontend);
    const claim = this.#claims.get(key) ?? { key, frontend, claimants: [], installed: undefined };
    this.#claims.set(key, claim);
    this.#touched.add(claim);
    return claim;
  }
}

interface Claim {
  readonly key: string;
  readonly frontend: Frontend;
  /** Those who want to answer; the first does. */
  readonly claimants: Answering[];
  /** Who answers as of the last script. */
  installed: Answering | undefined;
}

function markOf(answering: Answering | undefined): string | undefined {
  return answering && `${answering.id + answering.balancer.number}`;
}

function mapOf(frontend: Frontend): string {
  return frontend.type === "address" ? "service-marks" : "node-port-marks";
}

/** The frontend as a key of its map. */
export function keyOf(frontend: Frontend): string {
  const port = `${frontend.protocol} . ${frontend.port}`;
  return frontend.type === "address" ? `${frontend.address} . ${port}` : port;
}
