import { readFile } from "node:fs/promises";

/** Mount points at or below `prefix`, deepest and latest first: the order in which they can be unmounted. */
export async function mountsUnder(prefix: string): Promise<string[]> {
  const table = await readFile("/proc/self/mountinfo", "utf8");
  return mountPoints(table, prefix);
}

/** The pure half of `mountsUnder`. `table` is in the format of /proc/PID/mountinfo (proc_pid_mountinfo(5)). */
export function mountPoints(table: string, prefix: string): string[] {
  const base = prefix.length > 1 && prefix.endsWith("/") ? prefix.slice(0, -1) : prefix;
  const below = base === "/" ? "/" : `${base}/`;
  const found: string[] = [];
  for (const line of table.split("\n")) {
    if (!line) continue;
    const point = unescaped(line.split(" ", 5)[4] ?? "");
    if (point === base || point.startsWith(below)) found.push(point);
  }
  // A later line is mounted on top of an earlier one.
  return found.reverse().sort((a, b) => depth(b) - depth(a));
}

function depth(path: string): number {
  return path === "/" ? 0 : path.split("/").length - 1;
}

/** Space, tab, newline and backslash stand in the table as three octal digits. */
function unescaped(path: string): string {
  return path.replace(/\\([0-7]{3})/g, (_all, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}
