import { type PodUses, ServiceMeter, type ServiceMeterOptions } from "./service-meter.ts";

/** The meters of all services, which advance together: services that select the same pods share what these can serve. */
export class ServiceMeters {
  readonly all: readonly ServiceMeter[];
  /** Those whose pods may be the same: of one namespace, with a load, and measured by what their pods can. */
  readonly #groups: readonly (readonly ServiceMeter[])[];
  readonly #alone: readonly ServiceMeter[];

  constructor(options: readonly ServiceMeterOptions[]) {
    this.all = options.map((one) => new ServiceMeter(one));
    const measured = this.all.filter(({ model }) => model.load && model.capacity.per !== "nothing");
    const byNamespace = Map.groupBy(measured, ({ model }) => model.namespace);
    this.#groups = [...byNamespace.values()].filter(({ length }) => length > 1);
    const together = new Set(this.#groups.flat());
    this.#alone = this.all.filter((meter) => !together.has(meter));
  }

  /** The time up to `toMs` was as everything is now. Never across the end of a minute. */
  advance(toMs: number): void {
    for (const meter of this.#alone) meter.advance(toMs, undefined);
    for (const group of this.#groups) {
      const uses: PodUses = new Map();
      for (const meter of group) meter.addUses(toMs, uses);
      for (const meter of group) meter.advance(toMs, uses);
    }
  }

  /** The endpoints may have changed. */
  forget(): void {
    for (const meter of this.all) meter.forget();
  }
}
