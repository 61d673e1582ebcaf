import { lasting, percent, timeAt, whole } from "./format.ts";
import { limits } from "./limits.ts";
import type { Report } from "./report.ts";

/** How a page marks up what it says; plain text without. */
export interface TextStyle {
  paint(style: "bold" | "dim" | "green" | "red" | "yellow", text: string): string;
  /** Columns as wide as their widest cell. */
  table(header: readonly string[], rows: readonly (readonly string[])[]): string;
}

/** The report for a terminal. */
export function textReport(report: Report, style: TextStyle): string {
  const { paint } = style;
  const parts = [
    `${paint("bold", report.scenario)}: ${lasting(report.durationSeconds)} from ${timeAt(report.start, 0, report.durationSeconds)} on, seed ${report.seed}`,
    ...section("", happened(report, style)),
    ...section("Availability", services(report, style)),
    ...section("Pods that found no node", pending(report, style)),
    ...section("Evictions", evictions(report, style)),
    ...section("Cluster", cluster(report)),
    ...section("First to run out", runOut(report, style)),
    ...section("Still moving at the end", report.stillMoving.map((line) => `${line}\n`).join("")),
    ...section("Expectations", expectations(report, style)),
    ...report.notes.map((note) => paint("dim", `Note: ${note}`)),
    verdict(report, style),
  ];
  return `${parts.join("\n\n")}\n`;

  function section(title: string, body: string): string[] {
    if (body === "") return [];
    return [`${title === "" ? "" : `${paint("bold", title)}\n`}${body.trimEnd()}`];
  }
}

function happened(report: Report, { table, paint }: TextStyle): string {
  const rows = report.events.map(({ atSeconds, event, problem }) => [
    at(report, atSeconds),
    problem ? `${event}: ${paint("red", problem)}` : event,
  ]);
  return rows.length > 0 ? table(["AT", "EVENT"], shortened(rows)) : "";
}

function services(report: Report, { table }: TextStyle): string {
  if (report.services.length === 0) return "";
  const rows = report.services.map(({ service, requests, availability, utilisation }) => {
    const { all, p50, p99, worst, worstAtSeconds } = availability;
    return [
      service,
      requests ? whole(requests.offered) : "–",
      requests ? whole(requests.lost + requests.refused) : "–",
      percent(all),
      percent(p50),
      percent(p99),
      percent(worst) + (worst !== null && worst < 1 ? ` at ${at(report, worstAtSeconds ?? 0)}` : ""),
      utilisation ? percent(utilisation.p99) : "–",
    ];
  });
  return table(
    ["SERVICE", "REQUESTS", "FAILED", "AVAILABLE", "P50", "P99", "WORST MINUTE", "UTILISATION P99"],
    rows,
  );
}

function pending(report: Report, { table }: TextStyle): string {
  if (report.pending.length === 0) return "";
  const rows = report.pending.map(({ workload, pods, firstAtSeconds, longestSeconds, stillPending, why }) => [
    workload,
    String(pods),
    at(report, firstAtSeconds),
    lasting(longestSeconds),
    String(stillPending),
    why,
  ]);
  return table(["WORKLOAD", "PODS", "FROM", "LONGEST", "STILL", "WHY"], shortened(rows));
}

function evictions(report: Report, { table }: TextStyle): string {
  if (report.evictions.length === 0) return "";
  const rows = report.evictions.map(({ workload, pods, reason, firstAtSeconds }) => [
    workload,
    String(pods),
    at(report, firstAtSeconds),
    reason,
  ]);
  return table(["WORKLOAD", "PODS", "FIRST", "REASON"], shortened(rows));
}

function cluster({ capacity }: Report): string {
  const least = Math.min(...capacity.nodesReady);
  const most = Math.max(...capacity.nodesReady);
  const { cpu, memory } = capacity.mostRequested;
  return [
    `Nodes ready: ${least === most ? most : `${least} to ${most}`}. Pods running: ${Math.min(...capacity.podsRunning)} to ${Math.max(...capacity.podsRunning)}.`,
    `Requested at most: ${percent(cpu)} of the CPU, ${percent(memory)} of the memory of nodes that were ready.`,
  ].join("\n");
}

function runOut(report: Report, { paint }: TextStyle): string {
  const first = report.firstToRunOut;
  if (!first) return "Nothing ran out.";
  const line = `${at(report, first.atSeconds)} ${paint("yellow", first.what)}: ${first.message}.`;
  const then = report.shortages
    .slice(1, limits.rows)
    .map(({ atSeconds, what }) => `${what} (${at(report, atSeconds)})`);
  return then.length > 0 ? `${line}\nThen: ${then.join(", ")}.` : line;
}

function expectations({ expectations: all }: Report, { table, paint }: TextStyle): string {
  if (all.length === 0) return "";
  const rows = all.map(({ expectation, isMet, actualText, place }) => [
    expectation,
    actualText,
    isMet ? paint("green", "met") : `${paint("red", "missed")} (${place})`,
  ]);
  return table(["EXPECTED", "WAS", "RESULT"], rows);
}

function verdict({ outcome, expectations: all, stillMoving }: Report, { paint }: TextStyle): string {
  if (outcome === "passed")
    return paint("green", all.length > 0 ? "Every expectation was met." : "Played to its end.");
  const missed = all.filter(({ isMet }) => !isMet).length;
  return paint(
    "red",
    [
      ...(missed > 0
        ? [`${missed} of ${all.length} expectations ${missed === 1 ? "was" : "were"} missed.`]
        : []),
      ...(stillMoving.length > 0 ? ["The cluster did not come to rest."] : []),
    ].join(" "),
  );
}

function at({ start, durationSeconds }: Report, seconds: number): string {
  return timeAt(start, seconds, durationSeconds);
}

function shortened(rows: readonly (readonly string[])[]): (readonly string[])[] {
  if (rows.length <= limits.rows) return [...rows];
  return [
    ...rows.slice(0, limits.rows - 1),
    [`… ${rows.length - limits.rows + 1} more: -o json, --html FILE`],
  ];
}
