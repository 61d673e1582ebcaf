import type { ServiceModel, Surge } from "../scenario/scenario.ts";
import { capacityOf, type Endpoint, loadAt, serve, sharedCapacity, surgeAt } from "./load.ts";
import type { Observation } from "./observation.ts";

/** What was measured of a service in one minute. Requests, not requests per second. */
export interface ServiceMinute {
  offered: number;
  served: number;
  /** Endpoints that answer, over time; divide by `measuredMs`. */
  readyMs: number;
  /** What the endpoints that answer could have served; Infinity when nobody said what they can. */
  capacity: number;
  measuredMs: number;
}

/** What is asked of pods by several services, by uid, as parts of what each pod can serve. */
export type PodUses = Map<string, number>;

interface PodEndpoint extends Endpoint {
  readonly uid: string;
}

export interface ServiceMeterOptions {
  readonly model: ServiceModel;
  readonly surges: readonly Surge[];
  readonly observation: Observation;
  readonly durationMs: number;
  /** Time of day at the beginning, in milliseconds. */
  readonly startOfDayMs: number;
}

/** Measures one service, minute by minute. Between two changes of its endpoints everything stays as it is, but for the load. */
export class ServiceMeter {
  readonly model: ServiceModel;
  readonly minutes: readonly ServiceMinute[];
  lost = 0;
  refused = 0;
  /** The first time when more came than the pods there could serve. */
  firstOverload:
    | { readonly atMs: number; readonly perSecond: number; readonly capacity: number; readonly pods: number }
    | undefined;
  /** The first time when nobody answered. */
  firstOutageMs: number | undefined;
  /** Requests went to a pod of which nothing limits what it serves: it is measured by its cores, and requests none. */
  hasUnlimitedPods = false;
  readonly #options: ServiceMeterOptions;
  #endpoints: readonly PodEndpoint[] | undefined;
  #atMs = 0;

  constructor(options: ServiceMeterOptions) {
    this.#options = options;
    this.model = options.model;
    this.minutes = Array.from({ length: Math.ceil(options.durationMs / 60_000) }, () => ({
      offered: 0,
      served: 0,
      readyMs: 0,
      capacity: 0,
      measuredMs: 0,
    }));
  }

  /** Adds what this service asks of its pods up to `toMs`. */
  addUses(toMs: number, uses: PodUses): void {
    this.#endpoints ??= this.#look();
    const share = this.#perSecond((this.#atMs + toMs) / 2) / this.#endpoints.length;
    for (const { uid, capacityPerSecond } of this.#endpoints) {
      uses.set(uid, (uses.get(uid) ?? 0) + share / capacityPerSecond);
    }
  }

  /** The time up to `toMs` was as the endpoints are now. Never across the end of a minute. `uses`: by all services that may share pods with this one. */
  advance(toMs: number, uses: PodUses | undefined): void {
    const lastedMs = toMs - this.#atMs;
    const minute = this.minutes[Math.floor(this.#atMs / 60_000)];
    if (lastedMs <= 0 || !minute) return;
    this.#endpoints ??= this.#look();
    const perSecond = this.#perSecond((this.#atMs + toMs) / 2);
    const endpoints = uses ? left(this.#endpoints, perSecond, uses) : this.#endpoints;
    const { served, lost, refused } = serve(perSecond, endpoints);
    const seconds = lastedMs / 1000;
    const alive = endpoints.filter(({ isDead }) => !isDead);
    const capacity = alive.reduce((sum, { capacityPerSecond }) => sum + capacityPerSecond, 0);
    minute.offered += perSecond * seconds;
    minute.served += served * seconds;
    minute.readyMs += alive.length * lastedMs;
    minute.capacity += alive.length === 0 ? 0 : capacity * seconds;
    minute.measuredMs += lastedMs;
    this.lost += lost * seconds;
    this.refused += refused * seconds;
    if (perSecond > 0 && alive.length === 0) this.firstOutageMs ??= this.#atMs;
    if (refused > perSecond * overloadedFrom) {
      this.firstOverload ??= { atMs: this.#atMs, perSecond, capacity, pods: alive.length };
    }
    this.#atMs = toMs;
  }

  /** The endpoints may have changed. */
  forget(): void {
    this.#endpoints = undefined;
  }

  #look(): PodEndpoint[] {
    const { observation, model } = this.#options;
    return observation.endpointsOf(model.namespace, model.name).map((pod) => {
      const capacityPerSecond = capacityOf(pod, model.capacity);
      if (model.capacity.per === "core" && pod.spec && !Number.isFinite(capacityPerSecond)) {
        this.hasUnlimitedPods = true;
      }
      const uid = pod.metadata?.uid ?? "";
      return { uid, isDead: !observation.running.has(uid), capacityPerSecond };
    });
  }

  #perSecond(atMs: number): number {
    const { model, surges, startOfDayMs } = this.#options;
    // Where nobody spoke of requests, one a second asks whether anybody answers.
    if (!model.load) return 1;
    const usual = loadAt(model.load, (startOfDayMs + atMs) % 86_400_000);
    return surges.reduce((load, surge) => load * surgeAt(surge, atMs), usual);
  }
}

/** The endpoints with what other services leave of them. */
function left(endpoints: readonly PodEndpoint[], perSecond: number, uses: PodUses): PodEndpoint[] {
  const share = perSecond / endpoints.length;
  return endpoints.map((endpoint) => {
    const own = share / endpoint.capacityPerSecond;
    const all = uses.get(endpoint.uid) ?? own;
    return { ...endpoint, capacityPerSecond: sharedCapacity(endpoint.capacityPerSecond, { own, all }) };
  });
}

/** Of the requests: sums of fractions differ by less. */
const overloadedFrom = 1e-6;
