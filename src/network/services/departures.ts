import type { Endpoint, EndpointSlice } from "#api";
import type { Clock } from "#base";
import type { Informer } from "#client";
import { limits } from "../limits.ts";

/**
 * Knows when a pod that has to end has left the services of this node: its slices say that it terminates, or have it no
 * more, and the kernel's table follows them. Who asks a server to end only then, turns no new connection away.
 */
export class Departures {
  readonly #slices: Informer<EndpointSlice>;
  readonly #clock: Clock;
  readonly #checks = new Set<() => void>();
  #isCurrent = false;

  constructor(slices: Informer<EndpointSlice>, clock: Clock) {
    this.#slices = slices.addIndex("pod", ({ endpoints }) => (endpoints ?? []).map(podOf));
    this.#clock = clock;
  }

  /** The informer knows something that the kernel does not. */
  fellBehind(): void {
    this.#isCurrent = false;
  }

  /** The kernel's table is as the informer says. */
  caughtUp(): void {
    this.#isCurrent = true;
    for (const check of [...this.#checks]) check();
  }

  /**
   * Resolves when no service leads to the pod any more, and connections that were on their way to it have had time to
   * arrive. Rejects with the signal's reason when nobody waits.
   */
  async left(uid: string, signal: AbortSignal): Promise<void> {
    await this.#unused(uid, signal);
    if (this.#slices.byIndex("pod", uid).length > 0) await this.#clock.sleep(limits.arrivalMs, signal);
  }

  #unused(uid: string, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = () => {
        this.#checks.delete(check);
        signal.removeEventListener("abort", giveUp);
      };
      const check = () => {
        if (!this.#isCurrent || this.#isUsed(uid)) return;
        end();
        resolve();
      };
      const giveUp = () => {
        end();
        reject(signal.reason);
      };
      this.#checks.add(check);
      signal.addEventListener("abort", giveUp);
      if (signal.aborted) giveUp();
      else check();
    });
  }

  #isUsed(uid: string): boolean {
    const slices = this.#slices.byIndex("pod", uid);
    return slices.some((slice) => slice.endpoints?.some((one) => podOf(one) === uid && isUsed(one)));
  }
}

function podOf({ targetRef }: Endpoint): string {
  return targetRef?.uid ?? "";
}

/**
 * An endpoint that terminates may still be used: by services that publish whatever there is, or when all others terminate
 * too (KEP-1669). That is as good as it gets.
 */
function isUsed({ conditions }: Endpoint): boolean {
  return conditions?.ready !== false && conditions?.terminating !== true;
}
