import type { ServiceMeter, ServiceMinute } from "../play/service-meter.ts";
import { percentiles } from "./percentiles.ts";
import type { ServiceResult, ServiceSeries } from "./report.ts";
import { bySpan, type Spans } from "./spans.ts";

/** What one service came to. */
export function serviceResult(meter: ServiceMeter, spans: Spans): ServiceResult {
  const { model, minutes, lost, refused } = meter;
  const total = sum(minutes);
  const isLimited = model.capacity.per !== "nothing" && model.load !== undefined;
  const timed = minutes.map((minute, index) => ({ minute, atSeconds: index * 60 }));
  const availabilities = timed
    .filter(({ minute }) => minute.offered > 0)
    .map(({ minute, atSeconds }) => ({ atSeconds, value: availability(minute) ?? 0 }));
  // A minute in which nobody answers has no utilisation; that it was bad stands in its availability.
  const utilisations = timed
    .filter(({ minute }) => minute.capacity > 0 && Number.isFinite(minute.capacity))
    .map(({ minute, atSeconds }) => ({ atSeconds, value: minute.offered / minute.capacity }));
  const average =
    Number.isFinite(total.capacity) && total.capacity > 0 ? total.offered / total.capacity : null;
  return {
    service: `${model.namespace}/${model.name}`,
    requests: model.load ? { offered: total.offered, lost, refused } : null,
    availability: percentiles(availability(total), availabilities, "more"),
    utilisation: isLimited ? percentiles(average, utilisations, "less") : null,
    series: series(minutes, spans, isLimited),
  };
}

function series(minutes: readonly ServiceMinute[], spans: Spans, isLimited: boolean): ServiceSeries {
  const grouped = bySpan(minutes, spans);
  const sums = grouped.map(sum);
  const perSecond = (amount: number, { measuredMs }: ServiceMinute) =>
    measuredMs > 0 ? amount / (measuredMs / 1000) : 0;
  return {
    offered: sums.map((one) => perSecond(one.offered, one)),
    served: sums.map((one) => perSecond(one.served, one)),
    capacity:
      isLimited && sums.every((one) => Number.isFinite(one.capacity))
        ? sums.map((one) => perSecond(one.capacity, one))
        : null,
    availability: grouped.map((group) => {
      const known = group.flatMap((minute) => availability(minute) ?? []);
      return known.length > 0 ? Math.min(...known) : null;
    }),
    pods: sums.map(({ readyMs, measuredMs }) => (measuredMs > 0 ? readyMs / measuredMs : 0)),
  };
}

/** Requests that were served, of those that came; sums of fractions may be a little too large. */
function availability({ offered, served }: ServiceMinute): number | null {
  if (offered === 0) return null;
  const part = served / offered;
  return part > 1 - 1e-9 ? 1 : part;
}

function sum(minutes: readonly ServiceMinute[]): ServiceMinute {
  const total = { offered: 0, served: 0, readyMs: 0, capacity: 0, measuredMs: 0 };
  for (const minute of minutes) {
    total.offered += minute.offered;
    total.served += minute.served;
    total.readyMs += minute.readyMs;
    total.capacity += minute.capacity;
    total.measuredMs += minute.measuredMs;
  }
  return total;
}
