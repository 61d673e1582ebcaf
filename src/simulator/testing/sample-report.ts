import type { Report } from "../report/report.ts";

/** Half an hour in which much goes wrong: everything that a report can speak of is in it. */
export function sampleReport(): Report {
  const minutes = Array.from({ length: 30 }, (_, index) => index);
  const inTrouble = (minute: number) => minute >= 10 && minute < 15;
  return {
    scenario: "Zone b & <friends>",
    seed: 7,
    start: "2026-01-05T09:00:00.000Z",
    durationSeconds: 1800,
    outcome: "failed",
    expectations: [
      {
        expectation: "availability(shop/web) >= 99.9%",
        place: "s.yaml:31:5",
        isMet: false,
        actual: 0.9,
        actualText: "90%",
      },
      { expectation: "evictions() <= 2", place: "s.yaml:32:5", isMet: true, actual: 2, actualText: "2" },
    ],
    firstToRunOut: {
      atSeconds: 600,
      what: "cpu",
      message: "pod shop/web-1 finds no node: 6 Insufficient cpu",
    },
    shortages: [
      { atSeconds: 600, what: "cpu", message: "pod shop/web-1 finds no node: 6 Insufficient cpu" },
      { atSeconds: 660, what: "pods of shop/web", message: "2 pods serve 100 requests/s, and 120 come" },
    ],
    services: [
      {
        service: "shop/web",
        requests: { offered: 180_000, lost: 12_000, refused: 6_000 },
        availability: { all: 0.9, p50: 1, p90: 0.5, p95: 0.5, p99: 0.4, worst: 0.4, worstAtSeconds: 600 },
        utilisation: { all: 0.7, p50: 0.6, p90: 1.2, p95: 1.2, p99: 1.3, worst: 1.3, worstAtSeconds: 660 },
        series: {
          offered: minutes.map(() => 100),
          served: minutes.map((minute) => (inTrouble(minute) ? 40 : 100)),
          capacity: minutes.map((minute) => (inTrouble(minute) ? 50 : 150)),
          availability: minutes.map((minute) => (inTrouble(minute) ? 0.4 : minute === 20 ? null : 1)),
          pods: minutes.map((minute) => (inTrouble(minute) ? 1 : 3)),
        },
      },
    ],
    pending: [
      {
        workload: "shop/web",
        pods: 2,
        longestSeconds: 300,
        firstAtSeconds: 600,
        stillPending: 0,
        why: "0/6 nodes are available: 6 Insufficient cpu.",
      },
    ],
    mostPending: 2,
    evictions: [{ workload: "shop/web", reason: "DeletionByTaintManager", pods: 2, firstAtSeconds: 661 }],
    events: [
      { atSeconds: 600, event: "zone b is lost", problem: null },
      {
        atSeconds: 605,
        event: "node small-1 is drained",
        problem: "small-1 still has pods after 10 minutes",
      },
      { atSeconds: 900, event: "zone b is back", problem: null },
    ],
    stillMoving: ["deployment shop/web: 2 of 3 pods are up to date, 2 available"],
    notes: ["NetworkPolicy is stored, but not played: the simulated network lets everything pass."],
    capacity: {
      atSeconds: minutes.map((minute) => minute * 60),
      nodesReady: minutes.map((minute) => (inTrouble(minute) ? 4 : 6)),
      podsRunning: minutes.map((minute) => (inTrouble(minute) ? 1 : 3)),
      podsPending: minutes.map((minute) => (inTrouble(minute) ? 2 : 0)),
      cpuAllocatable: minutes.map((minute) => (inTrouble(minute) ? 8 : 12)),
      cpuRequested: minutes.map(() => 9),
      memoryAllocatable: minutes.map(() => 48 * 2 ** 30),
      memoryRequested: minutes.map(() => 12 * 2 ** 30),
      mostRequested: { cpu: 1.125, memory: 0.25 },
    },
    hash: "0123456789abcdef",
  };
}
