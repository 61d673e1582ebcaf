import assert from "node:assert/strict";
import { test } from "node:test";
import { table } from "#cli";
import { sampleReport } from "../testing/sample-report.ts";
import { textReport } from "./text.ts";

const plain = { paint: (_style: string, text: string) => text, table };

test("the page for a terminal has everything, first to last", () => {
  assert.equal(
    textReport(sampleReport(), plain),
    `Zone b & <friends>: 30 min from 09:00 on, seed 7

AT         EVENT
09:10      zone b is lost
09:10:05   node small-1 is drained: small-1 still has pods after 10 minutes
09:15      zone b is back

Availability
SERVICE    REQUESTS   FAILED   AVAILABLE   P50    P99   WORST MINUTE   UTILISATION P99
shop/web   180,000    18,000   90%         100%   40%   40% at 09:10   130%

Pods that found no node
WORKLOAD   PODS   FROM    LONGEST   STILL   WHY
shop/web   2      09:10   5 min     0       0/6 nodes are available: 6 Insufficient cpu.

Evictions
WORKLOAD   PODS   FIRST      REASON
shop/web   2      09:11:01   DeletionByTaintManager

Cluster
Nodes ready: 4 to 6. Pods running: 1 to 3.
Requested at most: 112.5% of the CPU, 25% of the memory of nodes that were ready.

First to run out
09:10 cpu: pod shop/web-1 finds no node: 6 Insufficient cpu.
Then: pods of shop/web (09:11).

Still moving at the end
deployment shop/web: 2 of 3 pods are up to date, 2 available

Expectations
EXPECTED                          WAS   RESULT
availability(shop/web) >= 99.9%   90%   missed (s.yaml:31:5)
evictions() <= 2                  2     met

Note: NetworkPolicy is stored, but not played: the simulated network lets everything pass.

1 of 2 expectations was missed. The cluster did not come to rest.
`,
  );
});

test("a good run says so in a line", () => {
  const good = {
    ...sampleReport(),
    outcome: "passed" as const,
    stillMoving: [],
    firstToRunOut: null,
    shortages: [],
  };
  const text = textReport(good, plain);
  assert.match(text, /Nothing ran out\./);
  assert.match(text, /Every expectation was met\.\n$/);
});

test("a long list is cut on a terminal, and where the rest is stands there", () => {
  const events = Array.from({ length: 40 }, (_, index) => ({
    atSeconds: index,
    event: `event ${index}`,
    problem: null,
  }));
  assert.match(
    textReport({ ...sampleReport(), events }, plain),
    /event 10\n… 29 more: -o json, --html FILE\n/,
  );
});
