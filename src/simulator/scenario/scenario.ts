import type { KubernetesObject, Taint } from "#api";
import type { NodeShape } from "../nodes/mod.ts";
import type { Range } from "../time/seeds.ts";
import type { Place } from "./mistakes.ts";

/** What is to be played: a cluster, what runs on it, what happens to it, and what is expected of it. All of it checked. */
export interface Scenario {
  readonly name: string;
  /** When it begins in its own world, milliseconds since the epoch; its times of day are UTC. */
  readonly startAt: number;
  readonly durationMs: number;
  /** How long after its end what moves may go on moving. */
  readonly settleMs: number;
  /** There from the beginning, in the order in which they are applied. */
  readonly objects: readonly PlacedObject[];
  readonly nodes: readonly ScenarioNode[];
  readonly services: readonly ServiceModel[];
  /** By time. */
  readonly events: readonly ScenarioEvent[];
  readonly expectations: readonly Expectation[];
}

/** An object of a manifest, and where it was written. */
export interface PlacedObject {
  readonly object: KubernetesObject;
  readonly place: Place;
  /** Where a field of it stands, or what is nearest to it: `spec.containers[0].image`. */
  placeOf(field: string): Place;
}

export interface ScenarioNode {
  readonly shape: NodeShape;
  readonly taints: readonly Taint[];
  /** Cordoned from the beginning. */
  readonly isUnschedulable: boolean;
  /** How often its machine fails by itself, and for how long. */
  readonly failures: { readonly perMonth: number; readonly lastingMs: Range } | undefined;
}

/** A service, the requests that come to it, and what its pods can do. */
export interface ServiceModel {
  readonly namespace: string;
  readonly name: string;
  /** The labels of its pods; several when a later manifest selects others. */
  readonly selectors: readonly Readonly<Record<string, string>>[];
  /** Undefined: nobody said; availability is then the part of its endpoints that answer, over time. */
  readonly load: LoadCurve | undefined;
  readonly capacity: PodCapacity;
  readonly pods: PodModel;
}

/** Requests per second over a day: straight lines between the points, the last one joined to the first. At least one point, by time. */
export type LoadCurve = readonly { readonly atMs: number; readonly perSecond: number }[];

/** What one pod can serve: so much for each core that it requests, so much whatever it requests, or all that comes. */
export type PodCapacity =
  | { readonly per: "core"; readonly perSecond: number }
  | { readonly per: "pod"; readonly perSecond: number }
  | { readonly per: "nothing" };

/** How the pods of a service behave; what is undefined is ordinary. */
export interface PodModel {
  readonly startMs: Range | undefined;
  readonly stopMs: Range | undefined;
  readonly crashesPerDay: number;
  readonly memoryBytes: number | undefined;
  readonly leakBytesPerHour: number;
}

export interface ScenarioEvent {
  /** Since the scenario's beginning. */
  readonly atMs: number;
  /** In words, for the report: `zone b is lost`. */
  readonly words: string;
  readonly action: ScenarioAction;
}

export type ScenarioAction =
  | { readonly do: "lose" | "restore"; readonly nodes: readonly string[] }
  | { readonly do: "drain" | "uncordon"; readonly nodes: readonly string[] }
  | { readonly do: "deploy"; readonly objects: readonly PlacedObject[] }
  | { readonly do: "scale"; readonly workload: WorkloadName; readonly replicas: number }
  | { readonly do: "load"; readonly surge: Surge };

export interface WorkloadName {
  readonly kind: "Deployment" | "StatefulSet";
  readonly namespace: string;
  readonly name: string;
}

/** More of one service's load, or less, for a while: it grows and shrinks over `rampMs` at both ends. */
export interface Surge {
  readonly service: string;
  readonly times: number;
  readonly fromMs: number;
  readonly forMs: number;
  readonly rampMs: number;
}

/** `availability(shop/web, p99) >= 99.9%` */
export interface Expectation {
  readonly text: string;
  readonly place: Place;
  readonly measure: Measure;
  readonly comparison: ">=" | "<=" | ">" | "<" | "==";
  /** Percentages as parts of one. */
  readonly value: number;
}

export type Measure =
  | { readonly of: "availability" | "utilisation"; readonly service: string; readonly over: Over }
  | { readonly of: "requested"; readonly resource: "cpu" | "memory" }
  | { readonly of: "pending" }
  | { readonly of: "evictions"; readonly namespace: string | undefined };

/** Of all requests; of the minutes, that which so many are at least as good as; of the worst minute. */
export type Over = "all" | "p50" | "p90" | "p95" | "p99" | "worst";
