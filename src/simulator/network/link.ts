import type { ApiRequest, ApiResponse, Transport } from "#api";
import type { User } from "#apiserver";
import { Call } from "./call.ts";
import type { Network } from "./network.ts";

export interface LinkOptions {
  /** Whose way it is: `scheduler-a`, `node-7`. */
  readonly part: string;
  readonly user: User;
  /** Runs what arrives at the part, when it can: see `PartClock.enter`. */
  readonly enter: (work: () => void) => void;
}

/** The connections of one part to the API server: what its client speaks through. */
export class Link implements Transport {
  readonly part: string;
  readonly user: User;
  readonly enter: (work: () => void) => void;
  readonly #network: Network;
  readonly #calls = new Set<Call>();
  #isGone = false;

  constructor(network: Network, options: LinkOptions) {
    this.#network = network;
    this.part = options.part;
    this.user = options.user;
    this.enter = options.enter;
  }

  request(request: ApiRequest): Promise<ApiResponse> {
    request.signal?.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<ApiResponse>();
    // What somebody dead still asks for.
    if (this.#isGone) return promise;
    const call = new Call({
      network: this.#network,
      link: this,
      request,
      resolve,
      reject,
      onOver: () => this.#calls.delete(call),
    });
    this.#calls.add(call);
    call.start();
    return promise;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** The part is no more: it sends nothing, and nothing reaches it. Of what is under way the server learns when it can be reached. */
  abandon(): void {
    this.#isGone = true;
    for (const call of [...this.#calls]) call.abandon();
  }

  /** Ends everything that is under way. */
  reset(why: string): void {
    for (const call of [...this.#calls]) call.reset(why);
  }
}
