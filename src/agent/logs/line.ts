/** One line of a CRI log: `2026-01-02T03:04:05.678901234Z stdout F text`. A partial line (`P`) goes on in the next one. */
export interface LogLine {
  readonly time: string;
  readonly stream: "stdout" | "stderr";
  readonly partial: boolean;
  readonly content: string;
}

/** Undefined for what is no such line: empty, or cut off. */
export function parseLogLine(line: string): LogLine | undefined {
  const first = line.indexOf(" ");
  const second = line.indexOf(" ", first + 1);
  if (first < 0 || second < 0) return undefined;
  const tagEnd = line.indexOf(" ", second + 1);
  const tag = line.slice(second + 1, tagEnd < 0 ? undefined : tagEnd);
  const stream = line.slice(first + 1, second);
  if (stream !== "stdout" && stream !== "stderr") return undefined;
  return {
    // conmon writes UTC as an offset; Kubernetes prints it as Z.
    time: line.slice(0, first).replace("+00:00", "Z"),
    stream,
    partial: tag.startsWith("P"),
    content: tagEnd < 0 ? "" : line.slice(tagEnd + 1),
  };
}
