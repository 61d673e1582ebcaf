import type { Host } from "#host";
import { limits } from "../limits.ts";
import { logFiles, tailOffset } from "./files.ts";
import { parseLogLine } from "./line.ts";

export interface LogSelection {
  readonly follow: boolean;
  readonly timestamps: boolean;
  /** Milliseconds since the epoch: nothing before. */
  readonly since?: number;
  readonly tailLines?: number;
  readonly limitBytes?: number;
  readonly stream?: "stdout" | "stderr";
}

export interface LogSource {
  readonly host: Host;
  /** Directory of the container's logs. */
  readonly directory: string;
  readonly attempt: number;
  /** Aborted when the container has ended: what is written is read to its end, then following ends. */
  readonly ended: AbortSignal;
  /** Aborted when nobody reads any more. */
  readonly signal: AbortSignal;
}

/** A container's output as it was, out of its CRI log: partial lines put together, over rotated files. */
export async function* readLog(source: LogSource, selection: LogSelection): AsyncGenerator<Buffer> {
  const render = renderer(selection);
  let left = selection.limitBytes ?? Number.POSITIVE_INFINITY;
  for await (const chunk of rawChunks(source, selection)) {
    const text = render(chunk);
    if (text.length === 0) continue;
    // Latin-1 both ways: every byte is one character, whatever it means.
    const bytes = Buffer.from(text, "latin1");
    if (bytes.length >= left) {
      yield bytes.subarray(0, left);
      return;
    }
    left -= bytes.length;
    yield bytes;
  }
}

/** Whole lines in, output out. */
function renderer({ since, timestamps, stream }: LogSelection): (lines: string) => string {
  let midLine = false;
  return (lines) => {
    let out = "";
    for (const line of lines.split("\n")) {
      const parsed = parseLogLine(line);
      if (!parsed || (stream && parsed.stream !== stream)) continue;
      if (since !== undefined && Date.parse(parsed.time) < since) continue;
      if (timestamps && !midLine) out += `${parsed.time} `;
      out += parsed.partial ? parsed.content : `${parsed.content}\n`;
      midLine = parsed.partial;
    }
    return out;
  };
}

/** The files' text in pieces that end with a line's end. */
async function* rawChunks(source: LogSource, selection: LogSelection): AsyncGenerator<string> {
  const { host, directory, attempt } = source;
  const paths = await logFiles(host, directory, attempt);
  const offsets = await startOffsets(host, paths, selection.tailLines);
  let last: Position = { path: `${directory}/${attempt}.log`, offset: 0, inode: undefined };
  for (const [index, path] of paths.entries()) {
    const offset = offsets[index];
    if (offset === undefined) continue;
    last = { path, offset, inode: (await host.files.stat(path))?.inode };
    for await (const lines of toEnd(source, last)) yield lines;
  }
  if (selection.follow) yield* followed(source, last);
}

interface Position {
  readonly path: string;
  offset: number;
  inode: number | undefined;
}

/** Per file where to begin; undefined: not at all. */
async function startOffsets(
  host: Host,
  paths: readonly string[],
  tailLines: number | undefined,
): Promise<(number | undefined)[]> {
  if (tailLines === undefined) return paths.map(() => 0);
  const offsets: (number | undefined)[] = [];
  let wanted = tailLines;
  for (const path of paths.toReversed()) {
    if (wanted <= 0 && offsets.length > 0) offsets.unshift(undefined);
    else {
      const found = await tailOffset(host, path, wanted, limits.logChunkBytes);
      offsets.unshift(found.offset);
      wanted -= found.lines;
    }
  }
  return offsets;
}

/** From a position to what is now the file's end, moving the position along by whole lines. */
async function* toEnd({ host, signal }: LogSource, position: Position): AsyncGenerator<string> {
  let rest = "";
  let read = position.offset;
  for (;;) {
    if (signal.aborted) return;
    const chunk = await host.files.readRange(position.path, read, limits.logChunkBytes);
    if (chunk.length === 0) return;
    read += chunk.length;
    const text = rest + Buffer.from(chunk).toString("latin1");
    const end = text.lastIndexOf("\n") + 1;
    rest = text.slice(end);
    position.offset = read - rest.length;
    if (end > 0) yield text.slice(0, end);
  }
}

/** Waits for the directory to change (inotify), reads on, goes over to the next file when the log is rotated. */
async function* followed(source: LogSource, from: Position): AsyncGenerator<string> {
  const { host, directory, attempt, ended, signal } = source;
  const current = `${directory}/${attempt}.log`;
  let position = from;
  let wake: () => void = () => {};
  let changed = false;
  const notice = () => {
    changed = true;
    wake();
  };
  await host.files.makeDirectory(directory);
  const watcher = host.files.watch(directory, notice);
  ended.addEventListener("abort", notice);
  signal.addEventListener("abort", notice);
  try {
    for (;;) {
      const isOver = ended.aborted;
      changed = false;
      const inode = (await host.files.stat(current))?.inode;
      if (position.inode !== undefined && inode !== undefined && inode !== position.inode) {
        yield* toEnd(source, { ...position, path: await pathOf(source, position) });
        position = { path: current, offset: 0, inode };
      } else position.inode ??= inode;
      yield* toEnd(source, position);
      if (isOver || signal.aborted) return;
      if (changed || ended.aborted) continue;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  } finally {
    watcher.close();
    ended.removeEventListener("abort", notice);
    signal.removeEventListener("abort", notice);
  }
}

/** Where the file that was being read has been moved. */
async function pathOf({ host, directory, attempt }: LogSource, position: Position): Promise<string> {
  for (const path of await logFiles(host, directory, attempt)) {
    if ((await host.files.stat(path))?.inode === position.inode) return path;
  }
  return position.path;
}
