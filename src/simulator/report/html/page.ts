import { lasting, percent, timeAt, whole } from "../format.ts";
import type { Report } from "../report.ts";
import { type Chart, chartFigure, type TimeAxis } from "./chart.ts";
import { clusterCharts, serviceCharts, timeAxis } from "./charts.ts";
import { html, Markup } from "./markup.ts";
import { script } from "./script.ts";
import { style } from "./style.ts";
import { dataTable } from "./table.ts";

/** The report as one page that needs nothing else: no network, no other file. */
export function htmlReport(report: Report): string {
  const axis = timeAxis(report);
  const services = report.services.map((service, index) => ({
    service,
    charts: serviceCharts(service, index),
  }));
  const cluster = clusterCharts(report);
  const all = [...services.flatMap(({ charts }) => charts), ...cluster];
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:">
<title>${report.scenario}: ${report.outcome}</title>
<link rel="icon" href="data:,">
<style>${new Markup(style)}</style>
</head>
<body>
<a class="skip" href="#timeline">To the timeline</a>
<header>
<h1>${report.scenario}</h1>
<p class="soft">${lasting(report.durationSeconds)} from ${report.start.slice(0, 16).replace("T", " ")} UTC on, played with seed ${report.seed}</p>
${verdict(report)}
</header>
<main>
${expectations(report)}
${runOut(report)}
${moving(report)}
${availability(report)}
${pending(report)}
${evictions(report)}
<h2 id="timeline">Timeline</h2>
<p class="soft">Dotted lines are events. Every picture can be read with the arrow keys, Home and End, and has a table.</p>
${events(report, axis)}
${services.map(({ service, charts }) => html`<section aria-label="${service.service}"><h3>${service.service}</h3>${charts.map((chart) => chartFigure(chart, axis))}</section>`)}
<section aria-label="Cluster"><h3>Cluster</h3>${cluster.map((chart) => chartFigure(chart, axis))}</section>
${report.notes.length > 0 ? html`<h2>Notes</h2>${report.notes.map((note) => html`<p>${note}</p>`)}` : html``}
</main>
<script type="application/json" id="values">${values(all, axis.labels)}</script>
<script>${new Markup(script)}</script>
</body>
</html>
`;
  return page.text;
}

function verdict({ outcome, expectations: all, stillMoving }: Report): Markup {
  const missed = all.filter(({ isMet }) => !isMet).length;
  const words =
    missed > 0
      ? `✗ ${missed} of ${all.length} expectations missed`
      : stillMoving.length > 0
        ? "✗ did not come to rest"
        : all.length > 0
          ? `✓ all ${all.length} expectations met`
          : "played to its end";
  return html`<p class="verdict ${outcome === "passed" ? "good" : "bad"}">${words}</p>`;
}

function expectations({ expectations: all }: Report): Markup {
  if (all.length === 0) return html``;
  const rows = all.map(({ expectation, actualText, isMet, place }) => [
    expectation,
    actualText,
    isMet ? html`<span class="good">✓ met</span>` : html`<span class="bad">✗ missed</span>`,
    place,
  ]);
  return html`<h2>Expectations</h2>${dataTable({ caption: "Expectations", header: ["Expected", "Was", "Result", "Written at"], rows })}`;
}

function runOut(report: Report): Markup {
  const [first, ...then] = report.shortages;
  if (!first) return html`<h2>First to run out</h2><p>Nothing ran out.</p>`;
  return html`<h2>First to run out</h2><p class="card"><strong>${at(report, first.atSeconds)}, ${first.what}</strong>: ${first.message}.</p>
${then.length > 0 ? html`<p class="soft">Then ${then.map(({ what, atSeconds }) => `${what} (${at(report, atSeconds)})`).join(", ")}.</p>` : html``}`;
}

function moving({ stillMoving }: Report): Markup {
  if (stillMoving.length === 0) return html``;
  return html`<h2>Still moving at the end</h2><ul>${stillMoving.map((line) => html`<li>${line}</li>`)}</ul>`;
}

/** Numbers over the charts, each a link to what it stands for; those that would cover one another stand below. */
function events(report: Report, { marks }: TimeAxis): Markup {
  if (report.events.length === 0) return html``;
  const lanes = lanesOf(marks.map(({ at: place }) => place));
  const links = marks.map(({ at: place, number }, index) => {
    const where = `left:${(100 * place).toFixed(2)}%;top:${1.75 * (lanes[index] ?? 0)}rem`;
    return html`<a href="#event-${number}" style="${where}">${number}</a>`;
  });
  const lines = report.events.map(({ atSeconds, event, problem }, index) => {
    const trouble = problem ? html`: <span class="bad">${problem}</span>` : html``;
    return html`<li id="event-${index + 1}">${at(report, atSeconds)} ${event}${trouble}</li>`;
  });
  const height = `height:${1.75 * (Math.max(...lanes) + 1)}rem`;
  return html`<h3>Events</h3><ol>${lines}</ol><div class="numbers" style="${height}">${links}</div>`;
}

/** For each of some places from 0 to 1, in their order, the first lane in which it has room. */
function lanesOf(places: readonly number[]): number[] {
  const lastOfLane: number[] = [];
  return places.map((place) => {
    const free = lastOfLane.findIndex((last) => place - last >= room);
    const lane = free === -1 ? lastOfLane.length : free;
    lastOfLane[lane] = place;
    return lane;
  });
}

/** What a number takes of the width. */
const room = 0.035;

function availability(report: Report): Markup {
  const rows = report.services.map(({ service, requests, availability: is, utilisation }) => [
    service,
    requests ? whole(requests.offered) : "–",
    requests ? whole(requests.lost) : "–",
    requests ? whole(requests.refused) : "–",
    percent(is.all),
    percent(is.p50),
    percent(is.p90),
    percent(is.p95),
    percent(is.p99),
    `${percent(is.worst)}${is.worst !== null && is.worst < 1 ? ` at ${at(report, is.worstAtSeconds ?? 0)}` : ""}`,
    utilisation ? percent(utilisation.p99) : "–",
  ]);
  if (rows.length === 0) return html``;
  const header = [
    ...["Service", "Requests", "Lost", "Refused", "Available"],
    ...["P50", "P90", "P95", "P99", "Worst minute", "Utilisation P99"],
  ];
  return html`<h2>Availability</h2>
<p class="soft">P99 is what 99 % of the minutes are at least as good as. Lost requests went to pods that were gone, or found none; refused ones were more than the pods could serve.</p>
${dataTable({ caption: "Availability", header, rows })}`;
}

function pending(report: Report): Markup {
  const rows = report.pending.map(({ workload, pods, firstAtSeconds, longestSeconds, stillPending, why }) => [
    ...[
      workload,
      String(pods),
      at(report, firstAtSeconds),
      lasting(longestSeconds),
      String(stillPending),
      why,
    ],
  ]);
  if (rows.length === 0) return html``;
  const header = ["Workload", "Pods", "From", "Longest", "Still", "Why"];
  return html`<h2>Pods that found no node</h2>${dataTable({ caption: "Pods that found no node", header, rows })}`;
}

function evictions(report: Report): Markup {
  const rows = report.evictions.map(({ workload, pods, firstAtSeconds, reason }) => [
    ...[workload, String(pods), at(report, firstAtSeconds), reason],
  ]);
  if (rows.length === 0) return html``;
  const header = ["Workload", "Pods", "First", "Reason"];
  return html`<h2>Evictions</h2>${dataTable({ caption: "Evictions", header, rows })}`;
}

/** What the script reads aloud, as people read it. */
function values(charts: readonly Chart[], labels: readonly string[]): Markup {
  const words = charts.map(({ id, curves, format }) => [
    id,
    curves.map(({ name, values: own }) => [name, own.map((value) => (value === null ? "–" : format(value)))]),
  ]);
  const json = JSON.stringify({ labels, charts: Object.fromEntries(words) });
  // Within a script no entity is read, and no text may end it.
  return new Markup(json.replaceAll("<", "\\u003c"));
}

function at({ start, durationSeconds }: Report, seconds: number): string {
  return timeAt(start, seconds, durationSeconds);
}
