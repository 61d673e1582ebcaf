import { percent, timeAt, whole } from "../format.ts";
import type { Report, ServiceResult } from "../report.ts";
import type { Chart, TimeAxis } from "./chart.ts";

/** The time that all charts run over, and the events that are marked on them. */
export function timeAxis({ start, durationSeconds, capacity, events }: Report): TimeAxis {
  const label = (seconds: number) => timeAt(start, seconds, durationSeconds);
  const everySeconds = tickSeconds.find((step) => durationSeconds / step <= mostTicks) ?? 86_400 * 7;
  const sinceMidnight = (Date.parse(start) / 1000) % 86_400;
  const first = Math.ceil(sinceMidnight / everySeconds) * everySeconds - sinceMidnight;
  const ticks: { at: number; label: string }[] = [];
  for (let seconds = first; seconds <= durationSeconds; seconds += everySeconds) {
    ticks.push({ at: seconds / durationSeconds, label: label(seconds) });
  }
  return {
    labels: capacity.atSeconds.map(label),
    marks: events.map(({ atSeconds }, index) => ({ at: atSeconds / durationSeconds, number: index + 1 })),
    ticks,
  };
}

const mostTicks = 8;
const tickSeconds = [60, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400, 86_400 * 2];

/** The charts of one service: what came and was served, how much of it, and by how many. */
export function serviceCharts(
  { service, requests, availability, series }: ServiceResult,
  index: number,
): Chart[] {
  const rate = (value: number) => (value < 10 ? String(Math.round(value * 10) / 10) : whole(value));
  const traffic: Chart = {
    id: `traffic-${index}`,
    title: "Requests per second",
    summary: `Of ${whole(requests?.offered ?? 0)} requests ${whole((requests?.lost ?? 0) + (requests?.refused ?? 0))} failed.`,
    format: rate,
    curves: [
      { name: "came", look: "second", values: series.offered },
      { name: "served", look: "main", values: series.served },
      ...(series.capacity
        ? [{ name: "could be served", look: "limit" as const, values: series.capacity }]
        : []),
    ],
  };
  const lowest = Math.min(1, ...series.availability.map((part) => part ?? 1));
  const available: Chart = {
    id: `availability-${index}`,
    title: "Availability, worst minute",
    summary: `${percent(availability.all)} over all, ${percent(lowest)} in the worst minute.`,
    format: percent,
    top: 1,
    curves: [{ name: "available", look: "main", values: series.availability }],
  };
  const pods: Chart = {
    id: `pods-${index}`,
    title: "Pods that answer",
    summary: `${rate(Math.min(...series.pods))} to ${rate(Math.max(...series.pods))}.`,
    format: rate,
    curves: [{ name: `pods of ${service}`, look: "main", values: series.pods }],
  };
  return requests ? [traffic, available, pods] : [available, pods];
}

/** What the cluster had and what was asked of it. */
export function clusterCharts({ capacity, mostPending }: Report): Chart[] {
  const gibibytes = (bytes: readonly number[]) => bytes.map((value) => value / 2 ** 30);
  const short = (value: number) => (value < 10 ? String(Math.round(value * 10) / 10) : whole(value));
  return [
    {
      id: "cpu",
      title: "CPU, cores",
      summary: `At most ${percent(capacity.mostRequested.cpu)} was requested.`,
      format: short,
      curves: [
        { name: "requested", look: "main", values: capacity.cpuRequested },
        { name: "on ready nodes", look: "limit", values: capacity.cpuAllocatable },
      ],
    },
    {
      id: "memory",
      title: "Memory, GiB",
      summary: `At most ${percent(capacity.mostRequested.memory)} was requested.`,
      format: short,
      curves: [
        { name: "requested", look: "main", values: gibibytes(capacity.memoryRequested) },
        { name: "on ready nodes", look: "limit", values: gibibytes(capacity.memoryAllocatable) },
      ],
    },
    {
      id: "nodes",
      title: "Nodes that are ready",
      summary: `${Math.min(...capacity.nodesReady)} to ${Math.max(...capacity.nodesReady)}.`,
      format: short,
      curves: [{ name: "ready", look: "main", values: capacity.nodesReady }],
    },
    {
      id: "pending",
      title: "Pods that find no node",
      summary: `At most ${mostPending}.`,
      format: short,
      curves: [{ name: "pending", look: "bad", values: capacity.podsPending }],
    },
  ];
}
