import { stringify } from "yaml";
import type { Clock } from "#base";

/** Where a command's words go. Results go to `stdout`, everything about the way there to `stderr`. */
export interface Output {
  readonly colour: boolean;
  /** True when `stderr` is a terminal: progress may redraw its line. */
  readonly live: boolean;
  /** How wide the terminal is that results go to; undefined when they go elsewhere. */
  readonly columns?: number | undefined;
  out(text: string): void;
  note(text: string): void;
}

export type OutputFormat = "table" | "json" | "yaml";

/** Bold, green … on a terminal that wants it; plain elsewhere. */
export function paint(
  output: Output,
  style: "bold" | "dim" | "green" | "red" | "yellow" | "cyan",
  text: string,
): string {
  const codes = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 } as const;
  return output.colour ? `\u001b[${codes[style]}m${text}\u001b[0m` : text;
}

/** Columns as wide as their widest cell, three spaces apart, as kubectl prints them. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [header, ...rows];
  const widths = header.map((_, column) => Math.max(...all.map((row) => (row[column] ?? "").length)));
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd((widths[column] ?? 0) + 3)))
      .join("");
  return `${all.map(line).join("\n")}\n`;
}

/** A number of bytes in the unit in which it is at least one: `13.0 KiB`, `148.0 MiB`. */
export function size(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB"];
  const power = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(bytes, 1)) / 10));
  return `${(bytes / 2 ** (10 * power)).toFixed(power === 0 ? 0 : 1)} ${units[power]}`;
}

/** A value for programs. */
export function formatted(value: unknown, format: Exclude<OutputFormat, "table">): string {
  return format === "json" ? `${JSON.stringify(value, null, 2)}\n` : stringify(value);
}

/** One line per step: what is being done, then that it is done and how long it took. */
export interface Progress {
  step<T>(what: string, work: () => Promise<T>): Promise<T>;
}

export function progress(output: Output, clock: Clock): Progress {
  return {
    async step(what, work) {
      const began = clock.monotonicMs();
      if (output.live) output.note(`  ${paint(output, "dim", "·")} ${what} …`);
      const finish = (mark: string) => {
        const took = paint(output, "dim", `${((clock.monotonicMs() - began) / 1000).toFixed(2)} s`);
        output.note(`${output.live ? "\r\u001b[K" : ""}  ${mark} ${what} ${took}\n`);
      };
      try {
        const result = await work();
        finish(paint(output, "green", "✓"));
        return result;
      } catch (error) {
        finish(paint(output, "red", "✗"));
        throw error;
      }
    },
  };
}
