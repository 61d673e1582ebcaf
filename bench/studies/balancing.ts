import { latencyEwma, strategies, zoneFirst } from "#chassis/discovery";
import { aligned, digits } from "../aligned.ts";
import { skewed } from "../balancing/backends.ts";
import { type Simulated, simulate } from "../balancing/simulate.ts";
import type { Study } from "./study.ts";

/** The strategies, and what zone first may also choose by within a zone. */
const measured = { ...strategies, "zone first, latency EWMA": zoneFirst(latencyEwma) };

/** In virtual time, so that it says the same on every machine. */
export const balancing: Study = {
  name: "balancing",
  what: "the chassis' balancing strategies on ten unequal backends, in virtual time: p50, p99, p99.9",
  async run(_, say) {
    const outcomes: Outcome[] = [];
    for (const [name, strategy] of Object.entries(measured)) {
      const unknown = await simulate({ backends: skewed, strategy, weights: "unknown" });
      const known = await simulate({ backends: skewed, strategy, weights: "known" });
      outcomes.push({ name, unknown, known });
      say(name);
    }
    return { text: textOf(outcomes), json: outcomes, failures: 0 };
  },
};

interface Outcome {
  readonly name: string;
  readonly unknown: Simulated;
  readonly known: Simulated;
}

function textOf(outcomes: readonly Outcome[]): string {
  const figures = ({ p50Ms, p99Ms, p999Ms }: Simulated) =>
    [p50Ms, p99Ms, p999Ms].map((ms) => `${digits(ms)} ms`);
  return aligned([
    ["strategy", "p50", "p99", "p99.9", "with weights: p50", "p99", "p99.9"],
    ...outcomes.map(({ name, unknown, known }) => [name, ...figures(unknown), ...figures(known)]),
  ]);
}
