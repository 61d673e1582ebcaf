import type { Service } from "#api";
import { type Located, unknown } from "./located.ts";
import { nameOf } from "./manifests.ts";
import { amount, durationRange, namespacedName, quantity, timeOfDay } from "./scalars.ts";
import type { LoadCurve, PlacedObject, PodCapacity, PodModel, ServiceModel } from "./scenario.ts";

/** The objects of the scenario, and whether all could be read: what is not there may yet exist when not. */
export interface ServiceContext {
  readonly objects: readonly PlacedObject[];
  readonly isComplete: boolean;
}

/**
 * Every service of the scenario, with what was said of it:
 *
 *     services:
 *       shop/web: { requestsPerSecond: 200, requestsPerSecondPerCore: 100 }
 */
export function services(
  value: Located | undefined,
  { objects, isComplete }: ServiceContext,
): ServiceModel[] {
  const selectors = selectorsOf(objects);
  const said = new Map<string, Partial<ServiceModel>>();
  for (const { key, at, value: model } of value?.entries("services") ?? []) {
    const name = namespacedName(key);
    if (!selectors.has(name) && isComplete) {
      at.complain(`${unknown("service", key, [...selectors.keys()])} (a Service with a selector)`);
    } else said.set(name, read(name, model));
  }
  return [...new Set([...selectors.keys(), ...said.keys()])].map((key) => {
    const [namespace = "", name = ""] = key.split("/");
    return { namespace, name, selectors: selectors.get(key) ?? [], ...nothingSaid, ...said.get(key) };
  });
}

function selectorsOf(objects: readonly PlacedObject[]): Map<string, Readonly<Record<string, string>>[]> {
  const found = new Map<string, Readonly<Record<string, string>>[]>();
  for (const { object } of objects) {
    const selector = object.kind === "Service" ? (object as Service).spec?.selector : undefined;
    if (selector) found.set(nameOf(object), [...(found.get(nameOf(object)) ?? []), selector]);
  }
  return found;
}

function read(key: string, value: Located): Partial<ServiceModel> {
  const fields = value.fields(`the service ${key}`, [
    "requestsPerSecond",
    "requestsPerSecondPerCore",
    "requestsPerSecondPerPod",
    "pods",
  ]);
  if (!fields) return {};
  const load = fields.get("requestsPerSecond");
  const perCore = fields.get("requestsPerSecondPerCore");
  const perPod = fields.get("requestsPerSecondPerPod");
  if (perCore && perPod) {
    perPod.complain("a pod's capacity is given per core or per pod, not both");
  }
  return {
    load: load && loadCurve(load),
    capacity: capacity(perCore, "core") ?? capacity(perPod, "pod") ?? { per: "nothing" },
    pods: podModel(fields.get("pods")),
  };
}

const nothingSaid = {
  load: undefined,
  capacity: { per: "nothing" },
  pods: {
    startMs: undefined,
    stopMs: undefined,
    crashesPerDay: 0,
    memoryBytes: undefined,
    leakBytesPerHour: 0,
  },
} as const;

function capacity(value: Located | undefined, per: "core" | "pod"): PodCapacity | undefined {
  const perSecond = value && amount(value, 0.001);
  return perSecond === undefined ? undefined : { per, perSecond };
}

/** One number, or a number for each of some times of day. */
function loadCurve(value: Located): LoadCurve | undefined {
  if (!value.isMap) {
    const perSecond = amount(value);
    return perSecond === undefined ? undefined : [{ atMs: 0, perSecond }];
  }
  const points = value.entries("requestsPerSecond").flatMap(({ key, at, value: number }) => {
    const atMs = timeOfDay(key);
    if (atMs === undefined) at.complain(`"${key}" is no time of day; write 09:30`);
    const perSecond = amount(number);
    return atMs === undefined || perSecond === undefined ? [] : [{ atMs, perSecond }];
  });
  if (points.length === 0) return value.complain("a load needs at least one time of day: { 09:00: 120 }");
  return points.sort((a, b) => a.atMs - b.atMs);
}

function podModel(value: Located | undefined): PodModel {
  const fields = value?.fields("pods", [
    "startup",
    "shutdown",
    "crashesPerDay",
    "memory",
    "memoryLeakPerHour",
  ]);
  const known = <T>(
    name: "startup" | "shutdown" | "crashesPerDay" | "memory" | "memoryLeakPerHour",
    as: (at: Located) => T | undefined,
  ) => {
    const at = fields?.get(name);
    return at && as(at);
  };
  return {
    startMs: known("startup", durationRange),
    stopMs: known("shutdown", durationRange),
    crashesPerDay: known("crashesPerDay", (at) => amount(at, 0, 10_000)) ?? 0,
    memoryBytes: known("memory", (at) => quantity(at, "memory")),
    leakBytesPerHour: known("memoryLeakPerHour", (at) => quantity(at, "memory")) ?? 0,
  };
}
