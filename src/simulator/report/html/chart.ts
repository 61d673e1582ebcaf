import { html, type Markup } from "./markup.ts";
import { dataTable } from "./table.ts";

/** Curves over the time of the scenario, one number for each span of it. */
export interface Chart {
  /** Unique on the page. */
  readonly id: string;
  readonly title: string;
  /** In a sentence, for those who cannot see it. */
  readonly summary: string;
  readonly curves: readonly Curve[];
  /** The largest value of the axis; that of the curves when undefined. */
  readonly top?: number;
  readonly format: (value: number) => string;
}

export interface Curve {
  readonly name: string;
  /** How it is drawn: the dash tells curves apart where colours do not. */
  readonly look: "main" | "second" | "limit" | "bad";
  readonly values: readonly (number | null)[];
}

/** What all charts of a page share. */
export interface TimeAxis {
  /** The beginning of each span, in words. */
  readonly labels: readonly string[];
  /** Where events stand, from 0 to 1, with their numbers. */
  readonly marks: readonly { readonly at: number; readonly number: number }[];
  /** Round times, and where they stand. */
  readonly ticks: readonly { readonly at: number; readonly label: string }[];
}

/** The drawing is stretched to the width it gets; words stand outside of it, so that they are not. */
export function chartFigure(chart: Chart, axis: TimeAxis): Markup {
  const { id, title, summary, curves, format } = chart;
  const top =
    chart.top ?? niceTop(Math.max(0, ...curves.flatMap(({ values }) => values.map((value) => value ?? 0))));
  return html`<figure class="chart" id="${id}" tabindex="0" role="group" aria-label="${title}. ${summary} Arrow keys read single values.">
<figcaption><span class="title">${title}</span> <span class="legend">${curves.map(legend)}</span></figcaption>
<div class="plot">
<div class="y" aria-hidden="true"><span>${format(top)}</span><span>${format(top / 2)}</span><span>${format(0)}</span></div>
<svg viewBox="0 0 ${width} ${height}" preserveAspectRatio="none" aria-hidden="true">
<path class="grid" d="M0 0H${width}M0 ${height / 2}H${width}M0 ${height}H${width}"/>
${axis.marks.map(({ at }) => html`<path class="mark" d="M${fixed(at * width)} 0V${height}"/>`)}
${curves.map(({ look, values }) => html`<path class="curve ${look}" d="${path(values, top)}"/>`)}
<path class="cursor" d=""/>
</svg>
</div>
<div class="x" aria-hidden="true">${axis.ticks.map(tick)}</div>
<output class="reading"></output>
<details><summary>${title} as a table</summary>${table(chart, axis)}</details>
</figure>`;
}

/** A line through the values; where there is none the line is interrupted. A span is a step, for within it nothing is known. */
function path(values: readonly (number | null)[], top: number): string {
  const step = width / Math.max(1, values.length);
  let drawn = "";
  let isDown = false;
  values.forEach((value, index) => {
    if (value === null) {
      isDown = false;
      return;
    }
    const y = fixed(height - (Math.min(value, top) / (top || 1)) * height);
    drawn += `${isDown ? "L" : "M"}${fixed(index * step)} ${y}H${fixed((index + 1) * step)}`;
    isDown = true;
  });
  return drawn;
}

function legend({ name, look }: Curve): Markup {
  return html`<span class="key"><svg viewBox="0 0 24 8" aria-hidden="true"><path class="curve ${look}" d="M0 4H24"/></svg>${name}</span> `;
}

function tick({ at, label }: TimeAxis["ticks"][number]): Markup {
  // At the right end a label stands before its place, so that it does not leave the page.
  const where = at > 0.95 ? `right:${(100 * (1 - at)).toFixed(2)}%` : `left:${(100 * at).toFixed(2)}%`;
  return html`<span class="${at > 0.95 ? "end" : "middle"}" style="${where}">${label}</span>`;
}

function table({ title, curves, format }: Chart, { labels }: TimeAxis): Markup {
  return dataTable({
    caption: title,
    header: ["Time", ...curves.map(({ name }) => name)],
    rows: labels.map((label, index) => [
      label,
      ...curves.map(({ values }) => {
        const value = values[index];
        return value === null || value === undefined ? "–" : format(value);
      }),
    ]),
  });
}

/** The next round number: 1, 2 or 5 times a power of ten. */
export function niceTop(most: number): number {
  if (most <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(most));
  return ([1, 2, 5, 10].find((factor) => factor * power >= most * (1 - 1e-9)) ?? 10) * power;
}

function fixed(value: number): string {
  return String(Math.round(value * 10) / 10);
}

const width = 1000;
const height = 120;
