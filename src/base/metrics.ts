/** The port for measurements. Components take `Metrics`; only `main` decides who reads them. Names and units as Prometheus has them. */
export interface Metrics {
  /** Something that only grows: `reconcile_total`. */
  counter(name: string, help: string): Counter;
  /** Something that goes up and down: `workqueue_depth`. */
  gauge(name: string, help: string): Gauge;
  /** How often which amounts occurred: `reconcile_duration_seconds`. `buckets` are upper bounds, ascending. */
  histogram(name: string, help: string, buckets: readonly number[]): Histogram;
}

export type MetricLabels = Readonly<Record<string, string>>;

export interface Counter {
  add(amount?: number, labels?: MetricLabels): void;
}

export interface Gauge {
  set(value: number, labels?: MetricLabels): void;
}

export interface Histogram {
  observe(value: number, labels?: MetricLabels): void;
}

/** Measures nothing. */
export const silentMetrics: Metrics = {
  counter: () => ({ add() {} }),
  gauge: () => ({ set() {} }),
  histogram: () => ({ observe() {} }),
};
