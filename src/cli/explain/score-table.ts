import { type Output, paint, table } from "../output.ts";
import type { ScoredNode } from "./explained-pod.ts";

/**
 * Scores by plugin: a row per plugin, a column per node, for names of plugins are long and of nodes there may be many. The pod's own node stands
 * first, then the best, as many as the terminal is wide.
 */
export function scoreTable(output: Output, scored: readonly ScoredNode[], own: string | undefined): string {
  const inOrder = scored.toSorted((a, b) => Number(b.node === own) - Number(a.node === own));
  const { columns = defaultColumns } = output;
  let shown = 1;
  while (shown < inOrder.length && widthOf(scoresOf(inOrder.slice(0, shown + 1))) <= columns) shown += 1;
  const lines = scoresOf(inOrder.slice(0, shown)).trimEnd().split("\n");
  const last = paint(output, "bold", lines.pop() ?? "");
  const more = inOrder.length - shown;
  return [...lines, last, ...(more > 0 ? [`… and ${more} more: -o json`] : [])].join("\n");
}

/** Where output does not go to a terminal, somebody may still read it on one. */
const defaultColumns = 120;

function scoresOf(nodes: readonly ScoredNode[]): string {
  const plugins = [...new Set(nodes.flatMap(({ byPlugin }) => Object.keys(byPlugin)))];
  const rows = plugins.map((plugin) => [
    plugin,
    ...nodes.map(({ byPlugin }) => String(byPlugin[plugin] ?? "-")),
  ]);
  const total = ["TOTAL", ...nodes.map((node) => String(node.total))];
  return table(["SCORE", ...nodes.map(({ node }) => node)], [...rows, total]);
}

function widthOf(text: string): number {
  return Math.max(...text.split("\n").map((line) => line.length));
}
