import type { MetricLabels } from "#base";
import type { Family } from "./registry.ts";

/** The type of the text below. */
export const prometheusContentType = "text/plain; version=0.0.4; charset=utf-8";

/** Metrics as Prometheus reads them: https://prometheus.io/docs/instrumenting/exposition_formats/. */
export function renderPrometheus(families: readonly Family[]): string {
  let text = "";
  for (const family of families) {
    text += `# HELP ${family.name} ${family.help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n")}\n`;
    text += `# TYPE ${family.name} ${family.type}\n`;
    if (family.type === "histogram") text += histogramLines(family);
    else for (const { labels, value } of family.series) text += line(family.name, labels, value);
  }
  return text;
}

function histogramLines({ name, bounds, series }: Family & { type: "histogram" }): string {
  let text = "";
  for (const { labels, counts, sum } of series) {
    let count = 0;
    for (const [at, amount] of counts.entries()) {
      count += amount;
      text += line(
        `${name}_bucket`,
        { ...labels, le: number(bounds[at] ?? Number.POSITIVE_INFINITY) },
        count,
      );
    }
    text += line(`${name}_sum`, labels, sum) + line(`${name}_count`, labels, count);
  }
  return text;
}

function line(name: string, labels: MetricLabels, value: number): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escapeLabel(text)}"`);
  return `${name}${pairs.length === 0 ? "" : `{${pairs.join(",")}}`} ${number(value)}\n`;
}

function escapeLabel(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}

function number(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return "+Inf";
  return value === Number.NEGATIVE_INFINITY ? "-Inf" : String(value);
}
