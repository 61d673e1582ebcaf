import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { plantedBugs } from "../planted/registry.ts";
import { formatFailure } from "../seeds/summary.ts";
import { type RunOptions, type RunReport, runSeed } from "./run-seed.ts";

/** Small enough for every test run; the long one plays the size that is promised, in minutes. How many hold: `npm run simulate`. */
const isLong = process.env.NACRE_LONG !== undefined;
const size = isLong ? { nodes: 20, pods: 200, hours: 1 } : { nodes: 8, pods: 40, hours: 0.35 };
const seeds = isLong ? 4 : 1;
/** How many seeds a planted bug may hide in. */
const patience = 200;

test("seeds hold, whatever the weather, and play the same run again, faults and all", async () => {
  const first = await runSeed({ ...size, seed: 1 });
  mustHold(first);
  const again = await runSeed({ ...size, seed: 1 });
  assert.equal(again.events, first.events);
  assert.equal(again.hash, first.hash);
  for (let seed = 2; seed <= seeds; seed += 1) mustHold(await runSeed({ ...size, seed }));
});

test("a seed that was played leaves nothing in memory", async () => {
  const program = join(import.meta.dirname, "../testing/leftovers.ts");
  const { stdout } = await promisify(execFile)(process.execPath, ["--expose-gc", program]);
  assert.match(stdout, /^0 of \d+ stores are left\n$/);
});

for (const { name, sentence, ports } of plantedBugs) {
  const isQuick = name === "early-acknowledgement" || name === "ignored-budget";
  test(`that ${sentence} is found`, { skip: !isLong && !isQuick && "only in long tests" }, async () => {
    const found = await firstViolation((seed) => ({ ...size, seed, ports: ports() }));
    assert.ok(found, `${name} was not found in ${patience} seeds`);
  });
}

async function firstViolation(options: (seed: number) => RunOptions): Promise<RunReport | undefined> {
  for (let seed = 1; seed <= patience; seed += 1) {
    const report = await runSeed(options(seed));
    if (report.violation) return report;
  }
  return undefined;
}

function mustHold(report: RunReport): void {
  const failure = formatFailure({ type: "played", report }, { ...size, planted: undefined });
  assert.equal(report.violation, undefined, failure);
}
