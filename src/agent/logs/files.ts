import type { Host } from "#host";

/** The files of one container's run, oldest first: those rotated away, then the one that is written to. */
export async function logFiles(host: Host, directory: string, attempt: number): Promise<string[]> {
  const current = `${attempt}.log`;
  const names = await host.files.list(directory);
  const rotated = names.filter((name) => name.startsWith(`${current}.`)).sort();
  return [...rotated, ...(names.includes(current) ? [current] : [])].map((name) => `${directory}/${name}`);
}

/**
 * Where the last `lines` lines of a file begin, and how many there are if it has fewer. A line that was written in parts
 * counts once: conmon cuts wherever its buffer ends.
 */
export async function tailOffset(
  host: Host,
  path: string,
  lines: number,
  chunkBytes: number,
): Promise<{ readonly offset: number; readonly lines: number }> {
  const size = (await host.files.stat(path))?.sizeBytes ?? 0;
  if (lines <= 0) return { offset: size, lines: 0 };
  let found = 0;
  /** An entry whose beginning lies further ahead in the file. */
  let carried: Uint8Array = new Uint8Array();
  for (let end = size; end > 0; ) {
    const start = Math.max(0, end - chunkBytes);
    const text = Buffer.concat([await host.files.readRange(path, start, end - start), carried]);
    let stop = text.length;
    for (const begin of beginningsBefore(text)) {
      if (begin === 0 && start > 0) break;
      // What comes after the end of a line is the beginning of one.
      if (start + stop < size && endsLine(text, begin)) found += 1;
      if (found === lines) return { offset: start + stop, lines };
      stop = begin;
    }
    carried = text.subarray(0, stop);
    end = start;
  }
  return { offset: 0, lines: size > 0 ? found + 1 : 0 };
}

/** Where the entries of a text begin, the last one first. */
function* beginningsBefore(text: Buffer): Generator<number> {
  for (let at = text.length; at > 0; ) {
    at = at < 2 ? 0 : text.lastIndexOf(newline, at - 2) + 1;
    yield at;
  }
}

/** Whether an entry carries the tag of a line's end: `2026-01-02T03:04:05.6Z stdout F text`. */
function endsLine(text: Buffer, begin: number): boolean {
  const stream = text.indexOf(space, begin) + 1;
  return text[text.indexOf(space, stream) + 1] === full;
}

const newline = 0x0a;
const space = 0x20;
const full = 0x46;
