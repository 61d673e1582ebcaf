import assert from "node:assert/strict";
import { test } from "node:test";
import type { Played } from "../play/play.ts";
import type { Wait } from "../play/pod-log.ts";
import { shortages } from "./shortages.ts";

const scenario = { durationMs: 600_000 } as Played["scenario"];

function wait(pod: string, fromMs: number, untilMs: number | undefined): Wait {
  return { pod, workload: pod, fromMs, untilMs, why: "0/1 nodes are available: 1 Insufficient cpu." };
}

test("what was over before the start, or came after the end, did not run out in the scenario", () => {
  const pods = {
    waits: [wait("early", -800_000, -700_000), wait("late", 650_000, undefined)],
    evictions: [],
    outOfMemory: new Map([["shop/web", [-500_000, -1, 700_000]]]),
  };
  assert.deepEqual(shortages({ scenario, services: [], pods }), []);
});

test("what goes on at the start is there from the start, and only kills within the scenario are counted", () => {
  const pods = {
    waits: [wait("shop/web-1", -800_000, 5_000)],
    evictions: [],
    outOfMemory: new Map([["shop/web", [-500_000, 60_000, 120_000, 700_000]]]),
  };
  assert.deepEqual(
    shortages({ scenario, services: [], pods }).map(({ atSeconds, what, message }) => [
      atSeconds,
      what,
      message,
    ]),
    [
      [0, "cpu", "pod shop/web-1 finds no node: 0/1 nodes are available: 1 Insufficient cpu"],
      [60, "memory of shop/web", "a container reached its memory limit and was killed, 2 times in all"],
    ],
  );
});
