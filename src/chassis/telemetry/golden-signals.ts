import { perfHooks } from "../node-modules.ts";
import type { Observer, Registry } from "./registry.ts";

/** Upper bounds in seconds, as OpenTelemetry's conventions have them for HTTP. */
export const durationBounds: readonly number[] = [
  0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
];

/**
 * The four golden signals of a service. Latency, traffic and errors are one histogram per route and class of status: its counts are the
 * traffic, those of `5xx` the errors. Saturation is what waits: requests in flight, and the delay of the event loop.
 */
export class GoldenSignals {
  readonly #durations;
  readonly #observers = new Map<string, Observer>();
  #inFlight = 0;

  constructor(registry: Registry) {
    this.#durations = registry.histogram(
      "http_server_request_duration_seconds",
      "From a request's headers to the end of its answer, by route and class of status.",
      durationBounds,
    );
    registry.measured("gauge", "http_server_active_requests", "Requests that are being answered.", () => [
      { labels: {}, value: this.#inFlight },
    ]);
    measureProcess(registry);
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  began(): void {
    this.#inFlight += 1;
  }

  ended(method: string, route: string, status: number, durationMs: number): void {
    this.#inFlight -= 1;
    const statusClass = Math.floor(status / 100);
    const key = `${statusClass}${method} ${route}`;
    let observer = this.#observers.get(key);
    if (!observer) {
      observer = this.#durations.of({
        http_request_method: method,
        http_route: route,
        http_response_status_class: `${statusClass}xx`,
      });
      this.#observers.set(key, observer);
    }
    observer.observe(durationMs / 1000);
  }
}

function measureProcess(registry: Registry): void {
  // Measured in each turn of the loop that happens anyway: an idle process stays idle.
  const delay = perfHooks.monitorEventLoopDelay({ samplePerIteration: true });
  delay.enable();
  const quantiles = [0.5, 0.9, 0.99, 1];
  registry.measured(
    "gauge",
    "nodejs_eventloop_delay_seconds",
    "How long the event loop kept others waiting, since it was last read; quantile 1 is the longest.",
    () => {
      const samples = quantiles.map((quantile) => ({
        labels: { quantile: String(quantile) },
        value: (quantile === 1 ? delay.max : delay.percentile(quantile * 100)) / 1e9,
      }));
      delay.reset();
      return samples;
    },
  );
  registry.measured("gauge", "process_resident_memory_bytes", "Memory that the process holds.", () => [
    { labels: {}, value: process.memoryUsage.rss() },
  ]);
  registry.measured("counter", "process_cpu_seconds_total", "CPU time that the process has used.", () => {
    const { user, system } = process.cpuUsage();
    return [{ labels: {}, value: (user + system) / 1e6 }];
  });
}
