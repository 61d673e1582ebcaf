import { createReadStream, createWriteStream, type Stats, watch } from "node:fs";
import * as fs from "node:fs/promises";
import { dirname } from "node:path";
import { openFifo, openFifoToWrite } from "./fifo.ts";
import type { FileStatus, Files, Host } from "./host.ts";
import { mountsUnder } from "./mount-table.ts";

/** The machine's files. What Node has no call for is done by a program. */
export function createFiles(run: Host["run"]): Files {
  return {
    ...nodeFiles,
    makeFifos: async (paths) => void (await run({ program: "mkfifo", arguments: paths })),
  };
}

const nodeFiles: Omit<Files, "makeFifos"> = {
  read: (path) => orUndefined(fs.readFile(path, "utf8")),
  readBytes: (path) => orUndefined(fs.readFile(path)),
  write: (path, content, options = {}) =>
    options.inPlace ? writeInPlace(path, content) : writeAtomically(path, content, options),
  append: (path, content) => fs.appendFile(path, content),
  list: async (directory) => (await orUndefined(fs.readdir(directory))) ?? [],
  makeDirectory: async (path, options = {}) => {
    await fs.mkdir(path, { recursive: true, ...(options.mode === undefined ? {} : { mode: options.mode }) });
  },
  remove,
  rename: (from, to) => fs.rename(from, to),
  symlink: (target, path) => fs.symlink(target, path),
  link: (existing, path) => fs.link(existing, path),
  readLink: (path) => orUndefined(fs.readlink(path)),
  exists: async (path) => (await orUndefined(fs.lstat(path))) !== undefined,
  stat: async (path) => fileStatus(await orUndefined(fs.lstat(path))),
  realPath: (path) => orUndefined(fs.realpath(path)),
  changeMode: (path, mode) => fs.chmod(path, mode),
  changeOwner: (path, owner) => fs.lchown(path, owner.user ?? keepId, owner.group ?? keepId),
  readRange,
  space: async (path) => {
    const found = await fs.statfs(path);
    return {
      totalBytes: found.blocks * found.bsize,
      availableBytes: found.bavail * found.bsize,
      totalInodes: found.files,
      availableInodes: found.ffree,
    };
  },
  openRead: (path, range = {}) => createReadStream(path, range),
  openWrite: (path, options = {}) => createWriteStream(path, { ...options, flags: "w" }),
  openFifo,
  openFifoToWrite,
  watch: (directory, onChange) => {
    const watcher = watch(directory, { persistent: true }, (_event, name) => {
      if (name !== null) onChange(name);
    });
    // The directory itself went away: nothing more will happen in it.
    watcher.on("error", () => watcher.close());
    return { close: () => watcher.close() };
  },
};

/** chown(2) leaves an id as it is when given this. */
const keepId = 0xffffffff;

let writes = 0;

/** The file holds the old content or the new one, whatever happens between: temporary file, fsync, rename, fsync. */
async function writeAtomically(
  path: string,
  content: string | Uint8Array,
  options: { mode?: number; durable?: boolean },
): Promise<void> {
  writes += 1;
  const temporary = `${path}.${process.pid}-${writes}.tmp`;
  const durable = options.durable ?? true;
  try {
    const file = await fs.open(temporary, "w", options.mode ?? 0o644);
    try {
      await file.writeFile(content);
      if (durable) await file.sync();
    } finally {
      await file.close();
    }
    await fs.rename(temporary, path);
  } catch (error) {
    await fs.rm(temporary, { force: true });
    throw error;
  }
  if (durable) await syncDirectory(dirname(path));
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await fs.open(path, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/** One write(2) into what is there: kernel files take a value only whole. */
async function writeInPlace(path: string, content: string | Uint8Array): Promise<void> {
  const file = await fs.open(path, "r+").catch((error: NodeJS.ErrnoException) => {
    // Some kernel files can only be written.
    if (error.code === "EACCES" || error.code === "EINVAL") return fs.open(path, "w");
    throw error;
  });
  try {
    await file.write(typeof content === "string" ? Buffer.from(content) : content);
  } finally {
    await file.close();
  }
}

/** Removes a file or a tree, but nothing of what is mounted below it: that is somebody's living data. */
async function remove(path: string): Promise<void> {
  const found = await orUndefined(fs.lstat(path));
  if (!found) return;
  if (!found.isDirectory()) return fs.rm(path, { force: true });
  const mounted = await mountsUnder(path);
  if (mounted.length > 0) {
    throw new Error(`cannot remove ${path}: ${mounted[0]} is still a mount point; unmount it first`);
  }
  await fs.rm(path, { recursive: true, force: true });
}

function fileStatus(found: Stats | undefined): FileStatus | undefined {
  if (!found) return undefined;
  return {
    kind: kindOf(found),
    sizeBytes: found.size,
    mode: found.mode & 0o7777,
    user: found.uid,
    group: found.gid,
    inode: found.ino,
    modifiedAt: found.mtimeMs,
  };
}

function kindOf(found: Stats): FileStatus["kind"] {
  if (found.isFile()) return "file";
  if (found.isDirectory()) return "directory";
  if (found.isSymbolicLink()) return "symlink";
  if (found.isSocket()) return "socket";
  if (found.isBlockDevice()) return "block";
  return found.isCharacterDevice() ? "character" : "fifo";
}

async function readRange(path: string, offset: number, length: number): Promise<Uint8Array> {
  const file = await orUndefined(fs.open(path, "r"));
  if (!file) return new Uint8Array();
  try {
    const buffer = Buffer.allocUnsafe(length);
    let filled = 0;
    while (filled < length) {
      const { bytesRead } = await file.read(buffer, filled, length - filled, offset + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return buffer.subarray(0, filled);
  } finally {
    await file.close();
  }
}

/** Undefined when there is nothing at the path, or the path leads through something that is no directory. */
async function orUndefined<T>(wanted: Promise<T>): Promise<T | undefined> {
  try {
    return await wanted;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw error;
  }
}
