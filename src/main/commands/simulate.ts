import { readFileSync } from "node:fs";
import { isAborted, messageOf } from "#base";
import {
  type Command,
  flag,
  formatOf,
  formatted,
  type Invocation,
  type Output,
  outputOption,
  paint,
  stringOption,
  table,
  UsageError,
} from "#cli";
import type { Report, Scenario } from "#simulator";
import { liveCluster } from "../live-cluster.ts";
import { checkPagePath, refuseToOverwrite, writePage } from "../page-file.ts";
import { reachOptions } from "../reach.ts";
import { filesBeside } from "../scenario-files.ts";

/**
 * A scenario played on the real control plane in virtual time. Exit code 0 when all that was expected came true, 1 when not, 2 when the
 * scenario has mistakes: fit for CI.
 */
export const simulateCommand: Command = {
  name: "simulate",
  summary: "play what could happen to a cluster, before it does",
  usage: "SCENARIO.yaml",
  options: {
    seed: {
      type: "string",
      value: "N",
      description: "of everything that is left to chance (1); the same again gives the same run",
    },
    html: { type: "string", value: "FILE", description: "also write the report as one page for a browser" },
    "from-cluster": {
      type: "boolean",
      description: "begin with the nodes and workloads of the live cluster; reads them, changes nothing",
    },
    ...reachOptions,
    ...outputOption,
  },
  examples: [
    { line: "nacre simulate examples/scenarios/zone-loss.yaml", what: "what a lost zone does to a shop" },
    { line: "nacre simulate black-friday.yaml --html report.html", what: "the same with pictures" },
    { line: "nacre simulate next-week.yaml --from-cluster", what: "begin with what runs now" },
  ],
  async run(invocation) {
    const { output } = invocation;
    const [path, ...more] = invocation.arguments;
    if (path === undefined || more.length > 0) {
      throw new UsageError("nacre simulate takes one scenario: nacre simulate SCENARIO.yaml");
    }
    const seed = seedOf(invocation);
    refuseIdleOptions(invocation);
    const html = stringOption(invocation, "html");
    if (html !== undefined) checkPagePath(html);
    const text = scenarioText(path);
    const cluster = flag(invocation, "from-cluster") ? await liveCluster(invocation) : undefined;
    const simulator = await import("#simulator");
    simulator.beginYoung();
    try {
      const files = filesBeside(path, process.cwd());
      const scenario = simulator.readScenario({
        file: path,
        text,
        files,
        ...(cluster ? { cluster } : {}),
      });
      if (html !== undefined) refuseToOverwrite(html, files.wereRead);
      const played = await simulator.play({
        scenario,
        seed,
        signal: invocation.signal,
        onProgress: progressLine(invocation, scenario),
      });
      const report = simulator.makeReport(played);
      show(invocation, report, simulator);
      return report.outcome === "passed" ? 0 : 1;
    } catch (error) {
      if (error instanceof simulator.ScenarioError)
        throw new UsageError(mistakesText(error.message, error.mistakes.length));
      if (invocation.signal.aborted && isAborted(error)) {
        clearLine(output);
        output.note("interrupted: it was not played to its end, so there is no report\n");
      }
      throw error;
    } finally {
      clearLine(output);
    }
  },
};

function clearLine(output: Output): void {
  if (output.live) output.note("\r\u001b[K");
}

function show(invocation: Invocation, report: Report, simulator: typeof import("#simulator")): void {
  const { output } = invocation;
  const html = stringOption(invocation, "html");
  clearLine(output);
  const format = formatOf(invocation);
  const style = {
    paint: (kind: Parameters<typeof paint>[1], words: string) => paint(output, kind, words),
    table,
  };
  output.out(format === "table" ? simulator.textReport(report, style) : formatted(report, format));
  if (html === undefined) return;
  writePage(html, simulator.htmlReport(report));
  output.note(`The page is in ${html}.\n`);
}

function scenarioText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new UsageError(`cannot read the scenario ${path}: ${messageOf(error)}`);
  }
}

function seedOf(invocation: Invocation): number {
  const written = stringOption(invocation, "seed", "1");
  const seed = Number(written);
  if (/^\d+$/.test(written) && seed <= 0xffff_ffff) return seed;
  throw new UsageError(`--seed takes a whole number from 0 to ${0xffff_ffff}, not "${written}"`);
}

/** Which cluster is meant says nothing where none is read. */
function refuseIdleOptions(invocation: Invocation): void {
  if (flag(invocation, "from-cluster")) return;
  const idle = Object.keys(reachOptions).find((name) => stringOption(invocation, name) !== undefined);
  if (idle === undefined) return;
  throw new UsageError(`--${idle} says which cluster is read: it goes with --from-cluster`);
}

function mistakesText(lines: string, count: number): string {
  return count === 1 ? lines : `the scenario has ${count} mistakes:\n${lines}`;
}

/** Redraws one line on a terminal, a few times a second; elsewhere nothing is shown. */
function progressLine({ output, clock }: Invocation, { durationMs, name }: Scenario): (atMs: number) => void {
  let shownAt = clock.monotonicMs();
  return (atMs) => {
    if (!output.live || clock.monotonicMs() - shownAt < 200) return;
    shownAt = clock.monotonicMs();
    const hours = (ms: number) => (ms / 3_600_000).toFixed(1);
    output.note(
      `\r\u001b[K  ${paint(output, "dim", "·")} ${name} … ${hours(atMs)} of ${hours(durationMs)} h`,
    );
  };
}
