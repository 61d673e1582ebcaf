import { availableParallelism, cpus, release } from "node:os";
import { aligned, digits } from "./aligned.ts";
import type { Budget, Measurement, Row } from "./row.ts";

/** A row with what came of it. */
export interface Outcome {
  readonly row: Row;
  /** Absent when it could not be measured. */
  readonly measured?: Measurement;
  readonly failure?: string;
}

/** The table for people. */
export function tableOf(outcomes: readonly Outcome[]): string {
  const lines = [
    ["what", "measured", "budget", "", "plain Node", "ratio", "upstream"],
    ...outcomes.map(({ row, measured }) => [
      row.what,
      measured ? figure(measured.value, row.unit) : "failed",
      budgetText(row.budget, row),
      measured ? verdict(row, measured) : "",
      measured?.bare === undefined ? "" : figure(measured.bare, row.unit),
      measured?.ratio === undefined ? "" : `${digits(measured.ratio)}×`,
      row.upstream,
    ]),
  ];
  return aligned(lines);
}

/** The same for programs. */
export function jsonOf(outcomes: readonly Outcome[]): string {
  const machine = {
    processors: availableParallelism(),
    model: cpus()[0]?.model,
    kernel: release(),
    node: process.version,
  };
  const rows = outcomes.map(({ row, measured, failure }) => ({
    name: row.name,
    what: row.what,
    unit: row.unit,
    better: row.better,
    budget: measured ? budgetValue(row.budget, measured) : undefined,
    upstream: row.upstream,
    ...(measured ? { ...measured, withinBudget: isWithin(row, measured) } : { failure }),
  }));
  return JSON.stringify({ machine, rows }, null, 2);
}

function verdict(row: Row, measured: Measurement): string {
  const budget = budgetValue(row.budget, measured);
  if (budget === undefined) return "";
  if (isWithin(row, measured)) return "within";
  const short = row.better === "less" ? measured.value / budget : budget / measured.value;
  return `${digits(short)}× off`;
}

function isWithin(row: Row, measured: Measurement): boolean {
  const budget = budgetValue(row.budget, measured);
  if (budget === undefined) return false;
  return row.better === "less" ? measured.value <= budget : measured.value >= budget;
}

function budgetValue(budget: Budget, { bare, value, ratio }: Measurement): number | undefined {
  if (typeof budget === "number") return budget;
  // By the ratio that is shown beside it: the median of the rounds' ratios.
  if (ratio !== undefined) return (value / ratio) * budget.timesBare;
  return bare === undefined ? undefined : bare * budget.timesBare;
}

function budgetText(budget: Budget, row: Row): string {
  return typeof budget === "number" ? figure(budget, row.unit) : `${budget.timesBare}× plain Node`;
}

function figure(value: number, unit: string): string {
  return unit === "/s" ? `${digits(value)}/s` : `${digits(value)} ${unit}`;
}
