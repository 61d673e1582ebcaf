import type { CapacitySample } from "../play/capacity-log.ts";
import type { Played } from "../play/play.ts";
import type { Wait } from "../play/pod-log.ts";
import { formatPlace } from "../scenario/mistakes.ts";
import { judge } from "./judge.ts";
import { notes } from "./notes.ts";
import type { CapacityResult, EvictionResult, PendingResult, Report } from "./report.ts";
import { serviceResult } from "./service-result.ts";
import { shortages } from "./shortages.ts";
import { type Spans, spansOf } from "./spans.ts";
import { waitsDuring } from "./waits.ts";

/** What was seen, made into what a person or a program wants to know. Pure. */
export function makeReport(played: Played): Report {
  const { scenario, seed, stillMoving, hash } = played;
  const spans = spansOf(scenario.durationMs);
  const services = played.services.map((meter) => serviceResult(meter, spans));
  const capacity = capacityResult(played.capacity, spans);
  const waits = waitsDuring(played);
  const mostPending = mostAtOnce(waits);
  const evictions = evictionResults(played);
  const expectations = scenario.expectations.map((expectation) => ({
    expectation: expectation.text,
    place: formatPlace(expectation.place),
    ...judge(expectation, { services, capacity, evictions, mostPending }),
  }));
  const lacking = shortages(played);
  const isGood = stillMoving.length === 0 && expectations.every(({ isMet }) => isMet);
  return {
    scenario: scenario.name,
    seed,
    start: new Date(scenario.startAt).toISOString(),
    durationSeconds: scenario.durationMs / 1000,
    outcome: isGood ? "passed" : "failed",
    expectations,
    firstToRunOut: lacking[0] ?? null,
    shortages: lacking,
    services,
    pending: pendingResults(waits, scenario.durationMs),
    mostPending,
    evictions,
    events: played.events.map(({ atMs, words, problem }) => ({
      atSeconds: Math.round(atMs / 1000),
      event: words,
      problem: problem ?? null,
    })),
    stillMoving,
    notes: notes(played),
    capacity,
    hash,
  };
}

function mostAtOnce(waits: readonly Wait[]): number {
  const steps = waits.flatMap(({ fromMs, untilMs }) => [
    { atMs: fromMs, step: 1 },
    { atMs: untilMs ?? Number.POSITIVE_INFINITY, step: -1 },
  ]);
  let now = 0;
  let most = 0;
  for (const { step } of steps.sort((a, b) => a.atMs - b.atMs || a.step - b.step)) {
    now += step;
    most = Math.max(most, now);
  }
  return most;
}

function pendingResults(waits: readonly Wait[], endMs: number): PendingResult[] {
  return Array.from(
    Map.groupBy(waits, ({ workload }) => workload),
    ([workload, own]) => {
      const stillPending = own.filter(({ untilMs }) => untilMs === undefined || untilMs > endMs).length;
      return {
        workload,
        pods: own.length,
        longestSeconds: Math.max(
          ...own.map(({ fromMs, untilMs }) =>
            Math.round((Math.min(untilMs ?? endMs, endMs) - Math.max(0, fromMs)) / 1000),
          ),
        ),
        firstAtSeconds: Math.max(0, Math.round(Math.min(...own.map(({ fromMs }) => fromMs)) / 1000)),
        stillPending,
        why: own.at(-1)?.why ?? "",
      };
    },
  );
}

function evictionResults({ pods, scenario }: Played): EvictionResult[] {
  const during = pods.evictions.filter(({ atMs }) => atMs >= 0 && atMs <= scenario.durationMs);
  return Array.from(
    Map.groupBy(during, ({ workload, reason }) => `${workload} ${reason}`),
    ([, own]) => ({
      workload: own[0]?.workload ?? "",
      reason: own[0]?.reason ?? "",
      pods: own.length,
      firstAtSeconds: Math.round((own[0]?.atMs ?? 0) / 1000),
    }),
  );
}

/** Of every span the sample with which it begins, and the most pods that waited in it. */
function capacityResult(samples: readonly CapacitySample[], { seconds, count }: Spans): CapacityResult {
  const perSpan = seconds / 60;
  const groups = Array.from({ length: count }, (_, index) =>
    samples.slice(index * perSpan, (index + 1) * perSpan + 1),
  );
  const first = groups.map(([sample]) => sample as CapacitySample);
  const part = (resource: "cpu" | "memory") =>
    Math.max(
      0,
      ...samples.map(({ requested, allocatable }) =>
        allocatable[resource] > 0 ? requested[resource] / allocatable[resource] : 0,
      ),
    );
  return {
    atSeconds: groups.map((_, index) => index * seconds),
    nodesReady: first.map(({ nodesReady }) => nodesReady),
    podsRunning: first.map(({ podsRunning }) => podsRunning),
    podsPending: groups.map((group) => Math.max(...group.map(({ podsPending }) => podsPending))),
    cpuAllocatable: first.map(({ allocatable }) => allocatable.cpu / 1000),
    cpuRequested: first.map(({ requested }) => requested.cpu / 1000),
    memoryAllocatable: first.map(({ allocatable }) => allocatable.memory),
    memoryRequested: first.map(({ requested }) => requested.memory),
    mostRequested: { cpu: part("cpu"), memory: part("memory") },
  };
}
