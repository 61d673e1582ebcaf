import type { Files } from "#host";

export interface WindowSize {
  readonly columns: number;
  readonly rows: number;
}

/**
 * Tells conmon the sizes of a terminal, by its FIFO. Clients send several in a row, some without end: only the last one counts, and only
 * that one waits for the one that is being told.
 */
export function windowSizeTeller(files: Pick<Files, "write">, fifo: string): (size: WindowSize) => void {
  let next: WindowSize | undefined;
  let telling = false;
  const tell = async () => {
    telling = true;
    while (next) {
      const { columns, rows } = next;
      next = undefined;
      const size = `${Math.max(1, Math.floor(rows))} ${Math.max(1, Math.floor(columns))}\n`;
      // Where the terminal has gone, its size means nothing.
      await files.write(fifo, size, { inPlace: true }).catch(() => {});
    }
    telling = false;
  };
  return (size) => {
    next = size;
    if (!telling) void tell();
  };
}
