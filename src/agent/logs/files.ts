import type { Host } from "#host";

/** The files of one container's run, oldest first: those rotated away, then the one that is written to. */
export async function logFiles(host: Host, directory: string, attempt: number): Promise<string[]> {
  const current = `${attempt}.log`;
  const names = await host.files.list(directory);
  const rotated = names.filter((name) => name.startsWith(`${current}.`)).sort();
  return [...rotated, ...(names.includes(current) ? [current] : [])].map((name) => `${directory}/${name}`);
}

/** Where the last `lines` lines of a file begin, and how many there are if it has fewer. */
export async function tailOffset(
  host: Host,
  path: string,
  lines: number,
  chunkBytes: number,
): Promise<{ readonly offset: number; readonly lines: number }> {
  const size = (await host.files.stat(path))?.sizeBytes ?? 0;
  if (lines <= 0) return { offset: size, lines: 0 };
  let found = 0;
  for (let end = size; end > 0; ) {
    const start = Math.max(0, end - chunkBytes);
    const chunk = await host.files.readRange(path, start, end - start);
    for (let index = chunk.length - 1; index >= 0; index -= 1) {
      // The very last byte of the file ends a line, it does not begin another.
      if (chunk[index] !== newline || start + index === size - 1) continue;
      found += 1;
      if (found === lines) return { offset: start + index + 1, lines };
    }
    end = start;
  }
  return { offset: 0, lines: size > 0 ? found + 1 : 0 };
}

const newline = 0x0a;
