import { formatTime } from "../trace/trace.ts";
import type { SeedAnswer, SeedRequest } from "./seed-messages.ts";

/** What came of many seeds. */
export class Summary {
  readonly #faults = new Map<string, number>();
  readonly #counts = new Map<string, number>();
  #played = 0;
  #virtualMs = 0;
  #commits = 0;
  #failed: number[] = [];

  get failed(): readonly number[] {
    return this.#failed;
  }

  get played(): number {
    return this.#played;
  }

  take(answer: SeedAnswer): void {
    this.#played += 1;
    if (answer.type === "crashed") {
      this.#failed.push(answer.seed);
      return;
    }
    const { report } = answer;
    if (report.violation) this.#failed.push(report.seed);
    this.#virtualMs += report.virtualMs;
    this.#commits += report.commits;
    addAll(this.#faults, report.faults);
    addAll(this.#counts, report.counts);
  }

  /** A few lines for people. `realMs`: what it took, all threads together. */
  format(realMs: number): string {
    const ratio = Math.round(this.#virtualMs / Math.max(1, realMs));
    const failed =
      this.#failed.length === 0
        ? "all hold"
        : `${this.#failed.length} FAILED: ${this.#failed.slice(0, 20).join(", ")}`;
    return [
      `${this.#played} seeds, ${failed}`,
      `virtual time ${formatTime(this.#virtualMs)}, ${ratio} × as fast as real time; ${this.#commits} commits`,
      `faults: ${list(this.#faults)}`,
      `seen: ${list(this.#counts)}`,
      "",
    ].join("\n");
  }
}

/** A failure as a person needs it: what, the last events, and how to play it again. */
export function formatFailure(answer: SeedAnswer, request: Omit<SeedRequest, "seed">): string {
  const { nodes, pods, hours, planted } = request;
  const seed = answer.type === "crashed" ? answer.seed : answer.report.seed;
  const why =
    answer.type === "crashed"
      ? `a program failed: ${answer.message}`
      : `${answer.report.violation?.checker}: ${answer.report.violation?.message}`;
  const events = answer.type === "crashed" ? [] : answer.report.lastEvents;
  const plant = planted === undefined ? "" : ` --plant ${planted}`;
  return [
    ...events.map((line) => `  ${line}`),
    `seed ${seed} FAILED: ${why}`,
    `play it again: npm run simulate -- --seed ${seed} --nodes ${nodes} --pods ${pods} --hours ${hours}${plant}`,
    "",
  ].join("\n");
}

function addAll(total: Map<string, number>, more: ReadonlyMap<string, number>): void {
  for (const [name, count] of more) total.set(name, (total.get(name) ?? 0) + count);
}

function list(counts: ReadonlyMap<string, number>): string {
  return [...counts]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, count]) => `${name} ${count}`)
    .join(", ");
}
