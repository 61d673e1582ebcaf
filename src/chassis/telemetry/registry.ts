import { assert, type Counter, type Gauge, type Histogram, type MetricLabels, type Metrics } from "#base";
import { limits } from "./limits.ts";

/** A metric as it stands now. */
export type Family = {
  readonly name: string;
  readonly help: string;
} & (
  | { readonly type: "counter" | "gauge"; readonly series: readonly Sample[] }
  | {
      readonly type: "histogram";
      readonly bounds: readonly number[];
      readonly series: readonly Distribution[];
    }
);

export interface Sample {
  readonly labels: MetricLabels;
  readonly value: number;
}

/** How often which amounts occurred. */
export interface Distribution {
  readonly labels: MetricLabels;
  /** Amounts per bucket, each for itself; the last is what is above every bound. */
  readonly counts: readonly number[];
  readonly sum: number;
}

/** What a hot path keeps of a histogram, so that it need not find the series each time. */
export interface Observer {
  observe(value: number): void;
}

/** Every metric of a process. Asking twice for a name gives the same metric. */
export class Registry implements Metrics {
  readonly #families = new Map<string, () => Family>();
  readonly #metrics = new Map<string, unknown>();

  counter(name: string, help: string): Counter {
    return this.#once(name, () => {
      const series = new SeriesMap<{ value: number }>(() => ({ value: 0 }));
      this.#families.set(name, () => ({ name, help, type: "counter", series: samples(series) }));
      return {
        add(amount = 1, labels = {}) {
          assert(amount >= 0, `the counter ${name} only grows, but was to change by ${amount}`);
          series.of(labels).value += amount;
        },
      };
    });
  }

  gauge(name: string, help: string): Gauge {
    return this.#once(name, () => {
      const series = new SeriesMap<{ value: number }>(() => ({ value: 0 }));
      this.#families.set(name, () => ({ name, help, type: "gauge", series: samples(series) }));
      return {
        set(value, labels = {}) {
          series.of(labels).value = value;
        },
      };
    });
  }

  histogram(
    name: string,
    help: string,
    bounds: readonly number[],
  ): Histogram & { of(labels: MetricLabels): Observer } {
    return this.#once(name, () => {
      const series = new SeriesMap(() => new Buckets(bounds));
      this.#families.set(name, () => ({
        name,
        help,
        type: "histogram",
        bounds,
        series: series.map((labels, { counts, sum }) => ({ labels, counts: [...counts], sum })),
      }));
      return {
        of: (labels) => series.of(labels),
        observe: (value, labels = {}) => series.of(labels).observe(value),
      };
    });
  }

  /** A metric that is known elsewhere and asked for when somebody reads. */
  measured(type: "counter" | "gauge", name: string, help: string, read: () => readonly Sample[]): void {
    this.#families.set(name, () => ({ name, help, type, series: read() }));
  }

  collect(): Family[] {
    return [...this.#families.values()].map((family) => family());
  }

  #once<T>(name: string, make: () => T): T {
    assert(
      /^[a-zA-Z_:][a-zA-Z0-9_:]*$/.test(name),
      `${name} is no name for a metric: letters, digits, _ and : alone`,
    );
    const metric = this.#metrics.get(name) ?? make();
    this.#metrics.set(name, metric);
    return metric as T;
  }
}

class Buckets implements Observer {
  readonly #bounds: readonly number[];
  readonly counts: number[];
  sum = 0;

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.counts = new Array(bounds.length + 1).fill(0);
  }

  observe(value: number): void {
    let bucket = 0;
    while (bucket < this.#bounds.length && value > (this.#bounds[bucket] as number)) bucket += 1;
    this.counts[bucket] = (this.counts[bucket] as number) + 1;
    this.sum += value;
  }
}

/** The series of one metric, by labels. Beyond the limit all others share one, whose labels say so. */
class SeriesMap<T> {
  readonly #make: () => T;
  readonly #byKey = new Map<string, { labels: MetricLabels; series: T }>();

  constructor(make: () => T) {
    this.#make = make;
  }

  of(labels: MetricLabels): T {
    const key = keyOf(labels);
    const known = this.#byKey.get(key);
    if (known) return known.series;
    if (this.#byKey.size >= limits.seriesPerMetric && key !== keyOf(overflow)) return this.of(overflow);
    for (const name of Object.keys(labels)) assertLabel(name);
    const series = this.#make();
    this.#byKey.set(key, { labels, series });
    return series;
  }

  map<R>(each: (labels: MetricLabels, series: T) => R): R[] {
    return [...this.#byKey.values()].map(({ labels, series }) => each(labels, series));
  }
}

/** One wrong label, and Prometheus reads nothing of what the process says. */
function assertLabel(name: string): void {
  assert(
    /^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name) && name !== "le",
    `${name} is no name for a label: letters, digits and _ alone, and not le`,
  );
}

/** As OpenTelemetry marks it. */
const overflow: MetricLabels = { otel_metric_overflow: "true" };

function keyOf(labels: MetricLabels): string {
  const names = Object.keys(labels);
  return names.length === 0 ? "" : JSON.stringify(names.sort().map((name) => [name, labels[name]]));
}

function samples(series: SeriesMap<{ value: number }>): Sample[] {
  return series.map((labels, { value }) => ({ labels, value }));
}
