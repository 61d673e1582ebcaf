import { type Pod, pods } from "#api";
import { isConflict, isForbidden, isNotFound } from "#base";
import { limits } from "../limits.ts";
import type { NodePower } from "./node-power.ts";

/** The pods of which nothing is left on a node: it takes them out of the API, each until that has succeeded. */
export class EndedPods {
  /** Those that are on their way out, by uid. */
  readonly #leaving = new Set<string>();

  /** `onOut`: the API has it no more, or another of its name, or says that it is not the node's. */
  takeOut(power: Pick<NodePower, "client" | "clock" | "signal">, pod: Pod, onOut: () => void): void {
    const { uid = "" } = pod.metadata ?? {};
    if (this.#leaving.has(uid)) return;
    this.#leaving.add(uid);
    void this.#attempt(power, pod, () => {
      this.#leaving.delete(uid);
      onOut();
    });
  }

  /** The machine has ended: what was on its way is begun anew. */
  forget(): void {
    this.#leaving.clear();
  }

  async #attempt(
    power: Pick<NodePower, "client" | "clock" | "signal">,
    pod: Pod,
    onOut: () => void,
    failures = 0,
  ): Promise<void> {
    const { client, clock, signal } = power;
    const { name = "", namespace, uid = "" } = pod.metadata ?? {};
    try {
      await client
        .resource(pods, namespace)
        .delete(name, { gracePeriodSeconds: 0, preconditions: { uid }, signal });
    } catch (error) {
      if (!isNotFound(error) && !isConflict(error) && !isForbidden(error)) {
        const pauseMs = Math.min(limits.retryMaximumMs, limits.retryInitialMs * 2 ** failures);
        clock.setTimer(pauseMs, () => void this.#attempt(power, pod, onOut, failures + 1), { unref: true });
        return;
      }
    }
    onOut();
  }
}
