import { type EmptyDirVolumeSource, quantityValue } from "#api";
import type { Host } from "#host";

/** An empty directory on disk, or a tmpfs of its own. Idempotent: what is in it stays. */
export async function setUpEmptyDir(
  host: Host,
  directory: string,
  source: EmptyDirVolumeSource,
  group: number | undefined,
): Promise<string> {
  const { files, mounts } = host;
  if (await files.exists(`${directory}/../.${nameOf(directory)}.ready`)) {
    if (source.medium !== "Memory" || (await mounts.under(directory)).length > 0) return directory;
  }
  await files.makeDirectory(directory, { mode: 0o777 });
  if (source.medium === "Memory" && (await mounts.under(directory)).length === 0) {
    const size = source.sizeLimit === undefined ? 0 : quantityValue(source.sizeLimit);
    const options = ["mode=0777", "nosuid", "nodev", ...(size > 0 ? [`size=${size}`] : [])];
    await mounts.mount({ type: "tmpfs", source: "tmpfs", target: directory, options });
  }
  // The umask must not narrow it, and members of the group share what they write.
  await files.changeMode(directory, group === undefined ? 0o777 : 0o2777);
  if (group !== undefined) await files.changeOwner(directory, { group });
  await files.write(`${directory}/../.${nameOf(directory)}.ready`, "", { durable: false });
  return directory;
}

function nameOf(directory: string): string {
  return directory.slice(directory.lastIndexOf("/") + 1);
}
