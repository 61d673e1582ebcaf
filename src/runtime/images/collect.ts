import type { StoreParts } from "./ingest.ts";

/**
 * Removes what nobody names or uses. Other processes work in the same store at the same time and there is no lock, so: move to
 * the trash in one step, look again, put back what somebody claimed in between, delete the rest. A claim made after the second look
 * finds the content gone, and fails (`claim`) or fetches it again (`ingest`).
 */
export async function collectGarbage(parts: StoreParts): Promise<void> {
  const { host, records, layers } = parts;
  const trash = `${parts.directory}/trash/${process.pid}-${host.clock.now()}`;
  await removeAbandoned(parts);
  const before = await inUse(parts);
  const lostImages = (await records.ids()).filter((id) => !before.images.has(id));
  const lostLayers = (await layers.names()).filter((name) => !before.layers.has(name));
  if (lostImages.length + lostLayers.length === 0) return;
  await host.files.makeDirectory(trash, { mode: 0o700 });
  for (const id of lostImages) await ignoreGone(records.discard(id, trash));
  for (const name of lostLayers) await ignoreGone(layers.discard(name, trash));
  const after = await inUse(parts);
  for (const id of lostImages) if (after.images.has(id)) await ignoreGone(records.restore(id, trash));
  for (const name of lostLayers) {
    if (after.layers.has(name)) await ignoreGone(layers.restore(name, trash));
    else await layers.forget(name);
  }
  await host.files.remove(trash);
}

/** Images by id, layers by directory name. */
async function inUse(parts: StoreParts): Promise<{ images: Set<string>; layers: Set<string> }> {
  const images = new Set((await parts.records.allNames()).keys());
  const used = new Set<string>();
  for (const lease of (await parts.leases.living()).values()) {
    for (const id of lease.images) images.add(id);
    for (const layer of lease.layers) used.add(parts.layers.nameOf(layer));
  }
  for (const id of images) {
    for (const layer of (await parts.records.read(id))?.layers ?? []) used.add(parts.layers.nameOf(layer));
  }
  return { images, layers: used };
}

/** Staging and trash of processes that died over them. */
async function removeAbandoned(parts: StoreParts): Promise<void> {
  const { host, directory } = parts;
  const living = await parts.leases.living();
  for (const name of await host.files.list(`${directory}/staging`)) {
    if (!living.has(name)) await host.files.remove(`${directory}/staging/${name}`);
  }
  for (const name of await host.files.list(`${directory}/trash`)) {
    const pid = Number.parseInt(name, 10);
    if (pid !== process.pid && (await host.startTime(pid)) === undefined) {
      await host.files.remove(`${directory}/trash/${name}`);
    }
  }
}

async function ignoreGone(change: Promise<void>): Promise<void> {
  await change.catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw error;
  });
}
