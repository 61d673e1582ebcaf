import { type PersistentVolume, persistentVolumes, volumesOfNode } from "#api";
import { type Clock, type Logger, messageOf, type Random } from "#base";
import { type Client, Informer } from "#client";
import type { Host } from "#host";
import { backOffMs, limits } from "../../limits.ts";
import type { ClaimVolumes } from "./claim-volumes.ts";
import { isVolumeOver, letGoOfVolume } from "./let-go.ts";
import { isOwnDirectory } from "./place.ts";

export interface RemovedDirectoriesOptions {
  readonly client: Client;
  readonly host: Host;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  readonly nodeName: string;
  /** Below it lie the directories. */
  readonly root: string;
  readonly claims: Pick<ClaimVolumes, "isUsed" | "onReleased">;
}

/**
 * Removes the directories of volumes that were deleted, once no pod here uses them, and then lets go of the volumes. Only the API's word
 * removes anything: a directory whose volume is unknown stays.
 */
export function removeDirectories(options: RemovedDirectoriesOptions): Informer<PersistentVolume> {
  const { nodeName, claims, clock, logger, signal } = options;
  const informer = new Informer({
    ...options,
    resource: persistentVolumes,
    labelSelector: volumesOfNode(nodeName),
  });
  const busy = new Set<string>();
  const look = async (volume: PersistentVolume, failures = 0): Promise<void> => {
    const { name = "" } = volume.metadata ?? {};
    if (!isVolumeOver(volume)) return;
    if (busy.has(name) || claims.isUsed(name) || signal.aborted) return;
    busy.add(name);
    try {
      await end(options, volume);
    } catch (error) {
      logger.warn(`removing the directory of volume ${name}: ${messageOf(error)}`);
      const pauseMs = backOffMs(failures + 1, limits.retryInitialMs, limits.retryMaximumMs);
      clock.setTimer(pauseMs, () => void look(informer.get(name) ?? {}, failures + 1), { unref: true });
    } finally {
      busy.delete(name);
    }
  };
  informer.addHandler({ added: (volume) => void look(volume), updated: (volume) => void look(volume) });
  claims.onReleased(() => {
    for (const volume of informer.values()) void look(volume);
  });
  return informer;
}

async function end(
  { client, host, root, logger }: RemovedDirectoriesOptions,
  volume: PersistentVolume,
): Promise<void> {
  const { name = "" } = volume.metadata ?? {};
  const path = `${root}/${name}`;
  if (volume.spec?.persistentVolumeReclaimPolicy === "Delete" && isOwnDirectory(volume, root)) {
    await host.files.remove(path);
    logger.info(`removed ${path}: volume ${name} was deleted`);
  } else logger.info(`volume ${name} was deleted; its directory stays: ${volume.spec?.local?.path}`);
  await letGoOfVolume(client, volume);
}
