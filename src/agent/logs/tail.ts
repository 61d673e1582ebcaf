import type { Host } from "#host";
import { parseLogLine } from "./line.ts";

/** The end of a container's log as plain text: at most `bytes` and `lines`. For termination messages. */
export async function readLogTail(host: Host, path: string, bytes: number, lines: number): Promise<string> {
  const size = (await host.files.stat(path))?.sizeBytes ?? 0;
  // Time stamp and tags take some forty bytes of each line.
  const from = Math.max(0, size - bytes - lines * 48);
  const text = Buffer.from(await host.files.readRange(path, from, size - from)).toString("utf8");
  const raw = text.split("\n");
  if (from > 0) raw.shift();
  let joined = "";
  for (const line of raw) {
    const parsed = parseLogLine(line);
    if (parsed) joined += parsed.partial ? parsed.content : `${parsed.content}\n`;
  }
  const last = joined
    .split("\n")
    .slice(-lines - 1)
    .join("\n");
  return last.slice(-bytes);
}
