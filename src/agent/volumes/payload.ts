import type { Host } from "#host";

/** The files of a volume that the agent writes itself: by path below the volume's root. */
export type Payload = ReadonlyMap<string, PayloadFile>;

export interface PayloadFile {
  readonly content: string | Uint8Array;
  readonly mode: number;
}

export interface WritePayload {
  readonly host: Host;
  /** Root of the volume. */
  readonly directory: string;
  readonly payload: Payload;
  /** `fsGroup`: who may read the files besides their owner. */
  readonly group: number | undefined;
  /** Makes the name of the new version's directory: unlike any before. */
  readonly version: string;
}

/**
 * Replaces all files of a volume at once: they lie in a directory of their own, to which `..data` points; renaming
 * that link switches every reader over in one step, as in the kubelet's atomic writer. Says whether anything changed.
 */
export async function writePayload(options: WritePayload): Promise<{ readonly changed: boolean }> {
  const { host, directory, payload, group, version } = options;
  const { files } = host;
  await files.makeDirectory(directory, { mode: 0o755 });
  const data = `${directory}/..data`;
  const before = await files.readLink(data);
  if (before !== undefined && (await holds(host, `${directory}/${before}`, payload)))
    return { changed: false };
  const fresh = `..${version}`;
  await writeFiles(host, `${directory}/${fresh}`, payload, group);
  await files.remove(`${directory}/..data_tmp`);
  await files.symlink(fresh, `${directory}/..data_tmp`);
  await files.rename(`${directory}/..data_tmp`, data);
  await linkNames(host, directory, payload);
  if (before !== undefined) await files.remove(`${directory}/${before}`);
  return { changed: true };
}

async function writeFiles(
  host: Host,
  directory: string,
  payload: Payload,
  group: number | undefined,
): Promise<void> {
  const { files } = host;
  await files.makeDirectory(directory, { mode: 0o755 });
  for (const [path, file] of payload) {
    const parent = path.lastIndexOf("/");
    if (parent > 0) await files.makeDirectory(`${directory}/${path.slice(0, parent)}`, { mode: 0o755 });
    const mode = group === undefined ? file.mode : file.mode | 0o440;
    await files.write(`${directory}/${path}`, file.content, { mode, durable: false });
    if (group !== undefined) await files.changeOwner(`${directory}/${path}`, { group });
  }
}

/** The names that containers see: links through `..data`, one for each first part of a path. */
async function linkNames(host: Host, directory: string, payload: Payload): Promise<void> {
  const wanted = new Set([...payload.keys()].map((path) => path.split("/")[0] as string));
  const present = new Set((await host.files.list(directory)).filter((name) => !name.startsWith("..")));
  for (const name of wanted) {
    if (!present.has(name)) await host.files.symlink(`..data/${name}`, `${directory}/${name}`);
  }
  for (const name of present) if (!wanted.has(name)) await host.files.remove(`${directory}/${name}`);
}

async function holds(host: Host, directory: string, payload: Payload): Promise<boolean> {
  const names = await tree(host, directory, "");
  if (names.length !== payload.size || names.some((name) => !payload.has(name))) return false;
  for (const [path, file] of payload) {
    const bytes = await host.files.readBytes(`${directory}/${path}`);
    if (!bytes || Buffer.compare(bytes, Buffer.from(file.content)) !== 0) return false;
  }
  return true;
}

async function tree(host: Host, root: string, below: string): Promise<string[]> {
  const found: string[] = [];
  for (const name of await host.files.list(`${root}/${below}`)) {
    const path = below ? `${below}/${name}` : name;
    const status = await host.files.stat(`${root}/${path}`);
    if (status?.kind === "directory") found.push(...(await tree(host, root, path)));
    else found.push(path);
  }
  return found;
}
