import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { systemClock } from "#base";
import { beginYoung, formatFailure, plantedBugs, playSeeds, type SeedRequest, Summary } from "#simulator";

const usage = `usage: npm run simulate -- [--seeds N] [--seed S] [--nodes N] [--pods N] [--hours H] [--threads N] [--plant BUG]

Plays the real control plane under faults, in virtual time: seeds S, S + 1, …; exit code 1 when one fails.
  --seeds    how many; 10 unless --seed is given, then 1
  --plant    a bug to put in, until it is found: ${plantedBugs.map(({ name }) => name).join(", ")}
`;

const { values } = parseArgs({
  options: {
    seeds: { type: "string" },
    seed: { type: "string" },
    nodes: { type: "string", default: "20" },
    pods: { type: "string", default: "200" },
    hours: { type: "string", default: "1" },
    threads: { type: "string", default: String(availableParallelism()) },
    plant: { type: "string" },
    help: { type: "boolean", default: false },
  },
});
if (values.help) exitWith(usage, 0);
if (values.plant !== undefined && !plantedBugs.some(({ name }) => name === values.plant)) {
  exitWith(`there is no planted bug "${values.plant}"\n\n${usage}`, 2);
}
const seeds = number("seeds", values.seeds ?? (values.seed === undefined ? "10" : "1"));
const first = number("seed", values.seed ?? "1");
const request: Omit<SeedRequest, "seed"> = {
  nodes: number("nodes", values.nodes),
  pods: number("pods", values.pods),
  hours: Number(values.hours),
  planted: values.plant,
};
const summary = new Summary();
beginYoung();
const startedMs = systemClock.monotonicMs();
await playSeeds({
  requests: Array.from({ length: seeds }, (_, index) => ({ ...request, seed: first + index })),
  threads: Math.min(number("threads", values.threads), seeds),
  onAnswer(answer) {
    summary.take(answer);
    const hasFailed = answer.type === "crashed" || answer.report.violation !== undefined;
    if (hasFailed) process.stdout.write(formatFailure(answer, request));
    else if (seeds === 1)
      process.stdout.write(`seed ${answer.report.seed} holds; trace ${answer.report.hash}\n`);
    else if (process.stderr.isTTY) process.stderr.write(`\r${summary.played} of ${seeds}`);
    else if (summary.played % 10 === 0) process.stderr.write(`${summary.played} of ${seeds}\n`);
    return hasFailed && values.plant !== undefined ? "enough" : "on";
  },
});
process.stdout.write(summary.format(systemClock.monotonicMs() - startedMs));
process.exitCode = summary.failed.length > 0 ? 1 : 0;

function number(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1)
    exitWith(`--${name} is a whole number from 1, not ${text}\n\n${usage}`, 2);
  return value;
}

function exitWith(message: string, code: number): never {
  process.stderr.write(message);
  process.exit(code);
}
