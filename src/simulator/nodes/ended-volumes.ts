import { isVolumeOver, letGoOfVolume } from "#agent";
import type { PersistentVolume } from "#api";
import { limits } from "../limits.ts";
import type { NodePower } from "./node-power.ts";

/**
 * Lets go of volumes that were directories of a node, as its agent would. Nothing has to be removed: nobody wrote there. What pods use is
 * protected, and not over.
 */
export class EndedVolumes {
  /** UIDs of those of which it is letting go. */
  readonly #leaving = new Set<string>();

  /** Calls `again` when that did not succeed, after a pause. */
  letGo(
    volumes: readonly PersistentVolume[],
    { client, clock }: Pick<NodePower, "client" | "clock">,
    again: () => void,
  ): void {
    for (const volume of volumes) {
      const { uid = "" } = volume.metadata ?? {};
      if (!isVolumeOver(volume) || this.#leaving.has(uid)) continue;
      this.#leaving.add(uid);
      letGoOfVolume(client, volume)
        .catch(() => clock.setTimer(limits.retryInitialMs, again, { unref: true }))
        .finally(() => this.#leaving.delete(uid));
    }
  }
}
